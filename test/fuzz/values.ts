import { ScalarType } from '@bufbuild/protobuf';
import fc from 'fast-check';

/** Numbers at which ranges end, and those that are none. */
const numbers = [
  0,
  -0,
  1,
  -1,
  0.5,
  1 + Number.EPSILON,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.MAX_VALUE,
  Number.MIN_VALUE,
  -1e-9,
  1e300,
  2 ** 31,
  2 ** 53,
  86_400_000,
  86_400_001,
];
export const doubles = fc.oneof(fc.constantFrom(...numbers), fc.double(), fc.double({ min: 0, max: 1 }));

const ends = [
  0n,
  1n,
  2n,
  127n,
  255n,
  257n,
  10_001n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 53n,
  2n ** 63n - 1n,
];
/** As a varint carries them: 0..2^64 - 1, whatever the field may hold. */
const varints = fc.oneof(fc.constantFrom(...ends, 2n ** 64n - 1n), fc.bigInt({ min: 0n, max: 300n }));

/** Names that the cell knows, so that a message gets past the look-up, and some that are used as keys elsewhere. */
const names = [
  'cell-1',
  'device-1',
  'device-2',
  'edge-1',
  'planner',
  'edge-only',
  'q-learning-masked',
  'mobilenet-v1-0.25-int8',
  'mobilenet-v1-1.00-fp32',
  'accuracy_floor',
  'UNAVAILABLE',
  'int8',
  'image',
  'probabilities',
  'FP32',
  'UINT8',
  '__proto__',
  'constructor',
  '*',
];
const traces = [
  '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  '00-00000000000000000000000000000000-0000000000000000-00',
  'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes-later',
];
const text = (value: string) => Buffer.from(value);
/** UTF-8, and bytes that are none. */
export const texts = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...[...names, ''].map(text)) },
  { weight: 2, arbitrary: fc.constantFrom(...traces.map(text)) },
  { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }).map(text) },
  { weight: 1, arbitrary: fc.constantFrom(129, 257, 301, 4_096).map((length) => Buffer.alloc(length, 'x')) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('\0', '../../etc/passwd', 'a\nb', '\u202e', 'k=v,'.repeat(100)).map(text),
  },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 12 }).map((bytes) => Buffer.from(bytes)) },
);
/** A text that is far too long, seldom: it costs. */
const longText = fc.constant(Buffer.alloc(100_000, 'y'));

export const blobs = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes));

/** Payloads of one scalar type, without their tag. */
export function scalars(type: ScalarType): fc.Arbitrary<Uint8Array> {
  switch (type) {
    case ScalarType.DOUBLE:
      return doubles.map((value) => {
        const bytes = Buffer.alloc(8);
        bytes.writeDoubleLE(value);
        return bytes;
      });
    case ScalarType.FLOAT:
      return doubles.map((value) => {
        const bytes = Buffer.alloc(4);
        bytes.writeFloatLE(value);
        return bytes;
      });
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return fc.uint8Array({ minLength: 8, maxLength: 8 });
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return fc.uint8Array({ minLength: 4, maxLength: 4 });
    case ScalarType.STRING:
      return fc.oneof({ weight: 200, arbitrary: texts }, { weight: 1, arbitrary: longText }).map(delimited);
    case ScalarType.BYTES:
      return blobs.map(delimited);
    default:
      return varints.map(varint);
  }
}

export function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let left = value; ; left >>= 7n) {
    const low = Number(left & 0x7fn);
    if (left < 0x80n) return Uint8Array.from([...bytes, low]);
    bytes.push(low | 0x80);
  }
}

/** With its length before it. */
export const delimited = (bytes: Uint8Array): Uint8Array =>
  Buffer.concat([varint(BigInt(bytes.length)), bytes]);
