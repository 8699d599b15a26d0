import { Internal } from '@weir/base';
import { attempt } from './connection.ts';
import type { JetStreams } from './jetstream.ts';
import { tokenOf } from './names.ts';

/** A text of any length in the bucket, in pieces. Written under a name of its own, it counts once a record names it. */
export interface BlobRef {
  readonly id: string;
  readonly pieces: number;
  /** Of the whole text. */
  readonly bytes: number;
}

/** A value may be 1 MiB where nobody has configured NATS otherwise. */
const pieceBytes = 512 * 1024;

const keyOf = (cellId: string, name: string, id: string) => `${tokenOf(cellId)}.blob.${tokenOf(name)}.${id}`;

/** Resolves to what a record is to name, and what drops all earlier ones of that name once it does. */
export async function putBlob(
  { kv, jsm, bucket }: JetStreams,
  cellId: string,
  { name, id, text }: { name: string; id: string; text: string },
): Promise<{ ref: BlobRef; dropEarlier: () => Promise<void> }> {
  const bytes = Buffer.from(text);
  const key = keyOf(cellId, name, id);
  let [pieces, first] = [0, 0];
  do {
    const piece = bytes.subarray(pieces * pieceBytes, (pieces + 1) * pieceBytes);
    const revision = await attempt(() => kv.put(`${key}.${pieces}`, piece));
    if (pieces++ === 0) first = revision;
  } while (pieces * pieceBytes < bytes.length);
  const filter = `${bucket.prefix}${tokenOf(cellId)}.blob.${tokenOf(name)}.>`;
  return {
    ref: { id, pieces, bytes: bytes.length },
    dropEarlier: async () =>
      void (await attempt(() => jsm.streams.purge(bucket.name, { filter, seq: first }))),
  };
}

/** Throws Internal when a piece is missing. */
export async function getBlob(
  { kv }: JetStreams,
  cellId: string,
  { name, id, pieces }: BlobRef & { name: string },
): Promise<string> {
  const keys = Array.from({ length: pieces }, (_, at) => `${keyOf(cellId, name, id)}.${at}`);
  const values = await Promise.all(keys.map((key) => attempt(() => kv.get(key))));
  const missing = keys[values.findIndex((entry) => !entry)];
  if (missing !== undefined) throw new Internal(`the store lacks ${missing}`, { reason: 'STORE_CORRUPT' });
  return Buffer.concat(values.map((entry) => entry!.value)).toString();
}

/** Drops all of that name. */
export async function dropBlob({ jsm, bucket }: JetStreams, cellId: string, name: string): Promise<void> {
  const filter = `${bucket.prefix}${tokenOf(cellId)}.blob.${tokenOf(name)}.>`;
  await attempt(() => jsm.streams.purge(bucket.name, { filter }));
}
