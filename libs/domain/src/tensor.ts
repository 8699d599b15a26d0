/** Bytes of one element; of strings, whose length varies, only the four that tell it. */
export const elementBytes = {
  bool: 1,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
  string: 4,
} as const;

/** Most bytes of all inputs, or of all outputs, of one inference: leaves room in a message of 8 MiB for what is added on the way. */
export const maxTensorBytes = 8 * 1024 * 1024 - 64 * 1024;

/** What the elements of a tensor are, by the names of ONNX Runtime. */
export type ElementType = keyof typeof elementBytes;

export const elementTypes = Object.keys(elementBytes) as readonly ElementType[];

/** What a model takes or gives under one name. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: ElementType;
  /** The batch included; -1: any. Empty: a scalar. */
  readonly shape: readonly number[];
}

/** One input or output of an inference. */
export interface NamedTensorValue extends TensorSpec {
  /**
   * product(shape) elements, row-major, little endian. A string is its length in bytes, as 4 bytes little endian, and then
   * that many bytes of UTF-8.
   */
  readonly data: Uint8Array;
}

/** Why these bytes are no tensor of that type and shape; undefined: they are one. */
export function dataFault({
  dtype,
  shape,
  data,
}: Pick<NamedTensorValue, 'dtype' | 'shape' | 'data'>): string | undefined {
  const elements = shape.reduce((product, size) => product * size, 1);
  if (dtype === 'string') return stringsFault(data, elements);
  const expected = elements * elementBytes[dtype];
  if (data.byteLength !== expected)
    return `expected ${expected} bytes for [${shape.join(', ')}] of ${dtype}, got ${data.byteLength}`;
  if (dtype === 'bool' && data.some((byte) => byte > 1)) return 'expected bytes of 0 or 1';
  return undefined;
}

function stringsFault(data: Uint8Array, expected: number): string | undefined {
  let elements = 0;
  try {
    for (const bytes of stringBytes(data)) {
      utf8.decode(bytes);
      // ONNX Runtime's strings end there.
      if (bytes.includes(0)) return `string ${elements} holds a NUL: expected text without`;
      elements++;
    }
  } catch {
    return `string ${elements} is cut short or is not UTF-8: expected 4 bytes of length, little endian, then the text`;
  }
  return elements === expected ? undefined : `expected ${expected} strings, got ${elements}`;
}

/** The elements of a tensor of strings in which `dataFault` finds no fault. */
export const decodeStrings = (data: Uint8Array): string[] =>
  Array.from(stringBytes(data), (bytes) => utf8.decode(bytes));

/** The bytes of a tensor of strings. */
export function encodeStrings(strings: readonly string[]): Uint8Array {
  const encoder = new TextEncoder();
  const texts = strings.map((text) => encoder.encode(text));
  const data = new Uint8Array(texts.reduce((sum, { length }) => sum + 4 + length, 0));
  const view = new DataView(data.buffer);
  let at = 0;
  for (const text of texts) {
    view.setUint32(at, text.length, true);
    data.set(text, at + 4);
    at += 4 + text.length;
  }
  return data;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Throws RangeError where the last one is cut short. */
function* stringBytes(data: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 0; at < data.length;) {
    const end = at + 4 + view.getUint32(at, true);
    if (end > data.length) throw new RangeError('cut short');
    yield data.subarray(at + 4, end);
    at = end;
  }
}
