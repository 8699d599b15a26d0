/** One field of a protobuf message. */
export interface Field {
  readonly number: number;
  readonly varint?: number;
  readonly bytes?: Uint8Array;
}

/** The fields of one protobuf message, in the order of the file. Throws RangeError for a truncated one. */
export function* fields(message: Uint8Array): Generator<Field> {
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
    } else {
      const length = wireType === 2 ? readVarint(message, at) : fixed(wireType, at);
      at = length.next + length.value;
      if (at > message.length) throw new RangeError('a field is longer than its message');
      yield { number, bytes: message.subarray(length.next, at) };
    }
  }
}

/** The values of a repeated field of whole numbers, packed or not. */
export function* varints({ varint, bytes }: Field): Generator<number> {
  if (varint !== undefined) yield varint;
  for (let at = 0; bytes && at < bytes.length;) {
    const { value, next } = readVarint(bytes, at);
    yield value;
    at = next;
  }
}

export const textOf = ({ bytes }: Field): string => Buffer.from(bytes ?? []).toString('utf8');

function fixed(wireType: number, at: number) {
  if (wireType === 1) return { value: 8, next: at };
  if (wireType === 5) return { value: 4, next: at };
  throw new RangeError(`wire type ${wireType} is not protobuf 3`);
}

function readVarint(bytes: Uint8Array, start: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let at = start, scale = 1; at < bytes.length && at < start + 10; at++, scale *= 128) {
    value += (bytes[at]! & 127) * scale;
    if (bytes[at]! < 128) return { value, next: at + 1 };
  }
  throw new RangeError('a number does not end');
}
