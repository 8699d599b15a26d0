import type { StoredMember } from '../experience.ts';
import { attempt, isConflict } from './connection.ts';
import { type JetStreams, markerTtl, messagesOf } from './jetstream.ts';
import { idOf, tokenOf } from './names.ts';

/** Members that are written at once. */
const atOnce = 64;

const prefixOf = (cellId: string) => `${tokenOf(cellId)}.member.`;

/** Members with their revisions in the bucket, whoever owns the cell. */
export async function readMembers(
  streams: JetStreams,
  cellId: string,
): Promise<readonly (StoredMember & { readonly revision: number })[]> {
  const members = [];
  const { bucket } = streams;
  for await (const { subject, data, seq, header } of messagesOf(streams, bucket, {
    filter: `${prefixOf(cellId)}*`,
  })) {
    if (header.get('KV-Operation') !== '') continue;
    const deviceId = idOf(subject.slice(bucket.prefix.length + prefixOf(cellId).length));
    members.push({ deviceId, state: new TextDecoder().decode(data), revision: seq });
  }
  return members.sort((a, b) => (a.deviceId < b.deviceId ? -1 : 1));
}

/** The members of a cell as its owner writes them: one that another owner has written since is not overwritten. */
export class CellMembers {
  readonly #streams: JetStreams;
  readonly #cellId: string;
  readonly #standing: () => Promise<void>;
  readonly #revisions = new Map<string, number>();

  /** `standing`: throws when the cell has another owner. */
  constructor(streams: JetStreams, cellId: string, standing: () => Promise<void>) {
    this.#streams = streams;
    this.#cellId = cellId;
    this.#standing = standing;
  }

  async load(): Promise<readonly StoredMember[]> {
    const members = await readMembers(this.#streams, this.#cellId);
    for (const { deviceId, revision } of members) this.#revisions.set(deviceId, revision);
    return members.map(({ deviceId, state }) => ({ deviceId, state }));
  }

  /** By device id: the new state, or undefined when the device has left. */
  async write(changes: ReadonlyMap<string, string | undefined>): Promise<void> {
    const left = [...changes];
    const writer = async () => {
      for (let next = left.pop(); next; next = left.pop()) await this.#writeOne(...next);
    };
    await Promise.all(Array.from({ length: atOnce }, writer));
  }

  async #writeOne(deviceId: string, state: string | undefined): Promise<void> {
    const { kv } = this.#streams;
    const key = prefixOf(this.#cellId) + tokenOf(deviceId);
    for (;;) {
      const previousSeq = this.#revisions.get(deviceId) ?? 0;
      try {
        if (state === undefined) {
          if (previousSeq > 0) await attempt(() => kv.purge(key, { previousSeq, ttl: markerTtl }));
          this.#revisions.delete(deviceId);
        } else this.#revisions.set(deviceId, await attempt(() => kv.put(key, state, { previousSeq })));
        return;
      } catch (error) {
        if (!isConflict(error)) throw error;
        await this.#standing();
        this.#revisions.set(deviceId, (await attempt(() => kv.get(key)))?.revision ?? 0);
      }
    }
  }
}
