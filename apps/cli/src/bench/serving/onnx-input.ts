/** Numbers of fields in onnx.proto (ONNX IR): what this file touches, and nothing else. */
const graph = 7;
const graphInput = 11;
const graphValueInfo = 13;
const typeOfValue = 2;
const tensorOfType = 1;
const shapeOfTensor = 2;
const dimensionOfShape = 1;
const sizeOfDimension = 1;

/**
 * An ONNX model whose only input, [batch × channels × height × width], is `side` × `side` instead. Right for a graph that
 * is convolutional up to a global pooling: its weights fit any size. Shapes that were inferred for the old size are dropped.
 */
export function withInputSide(model: Uint8Array, side: number): Uint8Array {
  const resized = (dimension: Uint8Array, at: number) =>
    at < 2 ? dimension : concat([varint(sizeOfDimension << 3), varint(side)]);
  const path = [graphInput, typeOfValue, tensorOfType, shapeOfTensor];
  const along = (message: Uint8Array, [first, ...rest]: readonly number[]): Uint8Array =>
    first === undefined
      ? rewrite(message, dimensionOfShape, resized)
      : rewrite(message, first, (inner) => along(inner, rest));
  return rewrite(model, graph, (inner) =>
    along(
      rewrite(inner, graphValueInfo, () => undefined),
      path,
    ),
  );
}

/** Replaces each length-delimited field of that number; undefined drops it. */
function rewrite(
  message: Uint8Array,
  number: number,
  replace: (bytes: Uint8Array, at: number) => Uint8Array | undefined,
): Uint8Array {
  let count = 0;
  const parts: Uint8Array[] = [];
  for (const { tag, bytes, raw } of fieldsOf(message)) {
    if (tag !== ((number << 3) | lengthDelimited)) parts.push(raw);
    else {
      const replaced = replace(bytes!, count++);
      if (replaced) parts.push(varint(tag), varint(replaced.length), replaced);
    }
  }
  return concat(parts);
}

const lengthDelimited = 2;
/** Of fixed size, by wire type. */
const fixedBytes: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

interface Field {
  readonly tag: number;
  /** Of a length-delimited field. */
  readonly bytes: Uint8Array | undefined;
  readonly raw: Uint8Array;
}

function* fieldsOf(message: Uint8Array): Generator<Field> {
  for (let at = 0; at < message.length;) {
    const start = at;
    let tag: number;
    let bytes: Uint8Array | undefined;
    [tag, at] = readVarint(message, at);
    const wireType = tag & 7;
    if (wireType === 0) [, at] = readVarint(message, at);
    else if (wireType === lengthDelimited) {
      const [length, from] = readVarint(message, at);
      at = from + length;
      bytes = message.subarray(from, at);
    } else {
      const size = fixedBytes[wireType];
      if (size === undefined) throw new Error(`not an ONNX model: wire type ${wireType}`);
      at += size;
    }
    if (at > message.length) throw new Error('not an ONNX model: cut off');
    yield { tag, bytes, raw: message.subarray(start, at) };
  }
}

function readVarint(bytes: Uint8Array, from: number): [value: number, next: number] {
  let value = 0;
  for (let at = from, scale = 1; at < bytes.length; at++, scale *= 128) {
    const byte = bytes[at]!;
    value += (byte & 127) * scale;
    if (byte < 128) return [value, at + 1];
  }
  throw new Error('not an ONNX model: cut off');
}

function varint(value: number): Uint8Array {
  const out: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) out.push((value % 128) | 128);
  return Uint8Array.from([...out, value]);
}

const concat = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
