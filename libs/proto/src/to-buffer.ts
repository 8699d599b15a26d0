import { BinaryWriter } from '@bufbuild/protobuf/wire';

/** A writer that has grown beyond this goes with its message instead of being kept, bytes. */
const keptBytes = 2 * 1024 * 1024;

let shared = new BinaryWriter();

/**
 * A message as gRPC sends it. All messages share one writer: a new one would grow by doubling up to a picture's size and
 * be garbage at once, which costs more than encoding it. `encode` must not call this function.
 */
export function toBuffer<T>(
  type: { encode(message: T, writer?: BinaryWriter): BinaryWriter },
  message: T,
): Buffer {
  const writer = shared;
  // Left behind when encoding throws.
  shared = new BinaryWriter();
  const bytes = type.encode(message, writer).finish();
  if (bytes.length <= keptBytes) shared = writer;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
