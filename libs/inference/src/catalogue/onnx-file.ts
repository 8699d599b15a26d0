/** An ONNX file's metadata, read without a runtime. */
export interface OnnxSummary {
  /** Version of the default operator set. */
  readonly opset?: number | undefined;
  /** Weights, i.e. numbers in the initialisers. */
  readonly parameters: number;
}

// Field numbers of onnx.proto.
const MODEL = { graph: 7, opsetImport: 8 } as const;
const OPSET = { domain: 1, version: 2 } as const;
const GRAPH = { initializer: 5 } as const;
const TENSOR = { dims: 1 } as const;

/** Reads the few protobuf fields it needs and skips the rest. Throws RangeError for a truncated file. */
export function summariseOnnx(bytes: Uint8Array): OnnxSummary {
  let opset: number | undefined;
  let parameters = 0;
  for (const field of fields(bytes)) {
    if (field.number === MODEL.opsetImport && field.bytes) opset ??= defaultOpset(field.bytes);
    if (field.number === MODEL.graph && field.bytes)
      for (const inner of fields(field.bytes))
        if (inner.number === GRAPH.initializer && inner.bytes) parameters += elements(inner.bytes);
  }
  return { opset, parameters };
}

function defaultOpset(bytes: Uint8Array): number | undefined {
  let version: number | undefined;
  for (const field of fields(bytes)) {
    if (field.number === OPSET.domain && field.bytes && field.bytes.length > 0) return undefined;
    if (field.number === OPSET.version) version = field.varint;
  }
  return version;
}

/** Product of a tensor's dimensions, packed or not; 1 for a scalar. */
function elements(tensor: Uint8Array): number {
  let product = 1;
  for (const { number, varint, bytes } of fields(tensor)) {
    if (number !== TENSOR.dims) continue;
    if (varint !== undefined) product *= varint;
    for (let at = 0; bytes && at < bytes.length;) {
      const { value, next } = readVarint(bytes, at);
      product *= value;
      at = next;
    }
  }
  return product;
}

interface Field {
  readonly number: number;
  readonly varint?: number;
  readonly bytes?: Uint8Array;
}

/** The fields of one protobuf message, in the order of the file. */
function* fields(message: Uint8Array): Generator<Field> {
  let at = 0;
  while (at < message.length) {
    const tag = readVarint(message, at);
    const number = tag.value >>> 3;
    const wireType = tag.value & 7;
    at = tag.next;
    if (wireType === 0) {
      const { value, next } = readVarint(message, at);
      at = next;
      yield { number, varint: value };
    } else if (wireType === 2) {
      const { value: length, next } = readVarint(message, at);
      at = next + length;
      if (at > message.length) throw new RangeError('a field is longer than its message');
      yield { number, bytes: message.subarray(next, at) };
    } else if (wireType === 1 || wireType === 5) {
      at += wireType === 1 ? 8 : 4;
    } else {
      throw new RangeError(`wire type ${wireType} is not protobuf 3`);
    }
  }
}

function readVarint(bytes: Uint8Array, start: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let at = start, scale = 1; at < bytes.length && at < start + 10; at++, scale *= 128) {
    value += (bytes[at]! & 127) * scale;
    if (bytes[at]! < 128) return { value, next: at + 1 };
  }
  throw new RangeError('a number does not end');
}
