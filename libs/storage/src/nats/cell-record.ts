import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { fenced } from './cell-journal.ts';
import { attempt, isConflict } from './connection.ts';
import { type JetStreams, markerTtl, messagesOf } from './jetstream.ts';
import { idOf, tokenOf } from './names.ts';

const blob = z.object({ id: z.string(), pieces: z.int(), bytes: z.int() });
const schema = z.object({
  /** The claim that this is of. */
  claim: z.string(),
  /** The process that owns the cell while it lives; absent: none does. */
  owner: z.string().optional(),
  /** Of the owner of that claim: the revision of the record that made it. Absent in that one itself. */
  epoch: z.int().optional(),
  objective: z.string().optional(),
  learner: z.string().optional(),
  /** Directive versions up to this one are reserved. */
  reserved: z.int(),
  /** When a device was last connected, epoch ms. */
  joinedAt: z.number().optional(),
  snapshots: z.record(z.string(), blob.extend({ position: z.int() })),
  /** Versions of what learners knew, the newest first. */
  versions: z.array(
    blob.extend({
      number: z.int(),
      learner: z.string(),
      at: z.number(),
      outcomes: z.number(),
      why: z.string(),
    }),
  ),
  /** How the journal stood when it was last noted. */
  checkpoint: blob.optional(),
});

/** What the bucket has of a cell in one value: it changes as a whole, and only by the cell's owner. */
export type RecordValue = Readonly<z.output<typeof schema>>;

const keyOf = (cellId: string) => `${tokenOf(cellId)}.record`;

/** The record, whoever owns it; undefined for a cell that there is not. */
export async function readRecord(
  { kv }: JetStreams,
  cellId: string,
): Promise<{ value: RecordValue | undefined; revision: number }> {
  const entry = await attempt(() => kv.get(keyOf(cellId)));
  return {
    value: entry?.operation === 'PUT' ? schema.parse(entry.json()) : undefined,
    revision: entry?.revision ?? 0,
  };
}

/** The records of all cells. */
export async function* readRecords(
  streams: JetStreams,
): AsyncGenerator<{ readonly cellId: string; readonly value: RecordValue }> {
  const { bucket } = streams;
  for await (const { subject, header, data } of messagesOf(streams, bucket, { filter: '*.record' }))
    if (header.get('KV-Operation') === '')
      yield {
        cellId: idOf(subject.slice(bucket.prefix.length).split('.')[0]!),
        value: schema.parse(JSON.parse(new TextDecoder().decode(data))),
      };
}

/** The record of a cell as its owner has it. */
export class CellRecord {
  readonly #streams: JetStreams;
  readonly #cellId: string;
  /** Rises with each owner of the cell. */
  readonly epoch: number;
  #value: RecordValue;
  #revision: number;

  private constructor(streams: JetStreams, cellId: string, value: RecordValue, revision: number) {
    this.#streams = streams;
    this.#cellId = cellId;
    this.#value = value;
    this.#revision = revision;
    this.epoch = revision;
  }

  /**
   * Makes `owner` the owner: what the one before still writes is refused from now on. `checkFree`: throws when the former owner,
   * if any, must not be replaced.
   */
  static async claim(
    streams: JetStreams,
    cellId: string,
    { owner, checkFree }: { owner: string | undefined; checkFree: (former: string) => Promise<void> },
  ): Promise<CellRecord> {
    const claim = randomUUID();
    for (;;) {
      const { value: former, revision: before } = await readRecord(streams, cellId);
      // The answer to a claim may have been lost.
      if (former?.claim === claim) return new CellRecord(streams, cellId, former, before);
      if (former?.owner !== undefined) await checkFree(former.owner);
      const { epoch: _, owner: __, ...kept } = former ?? { reserved: 0, snapshots: {}, versions: [] };
      const value = { ...kept, claim, ...(owner !== undefined && { owner }) };
      try {
        const revision = await put(streams, cellId, value, before);
        return new CellRecord(streams, cellId, value, revision);
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
    }
  }

  get value(): RecordValue {
    return this.#value;
  }

  /** Throws Unavailable (reason `cellFenced`) when there is another owner, and what `attempt` throws. */
  async update(change: Partial<RecordValue>): Promise<void> {
    const value = { ...this.#value, ...change, epoch: this.epoch };
    for (;;)
      try {
        this.#revision = await put(this.#streams, this.#cellId, value, this.#revision);
        this.#value = value;
        return;
      } catch (error) {
        if (!isConflict(error)) throw error;
        await this.standing();
      }
  }

  /** After a write whose answer was lost. Throws Unavailable (reason `cellFenced`) when there is another owner. */
  async standing(): Promise<void> {
    this.#revision = await this.ownRevision();
  }

  /** The newest in the store. Throws Unavailable (reason `cellFenced`) when it is another owner's. */
  async ownRevision(): Promise<number> {
    const { value, revision } = await readRecord(this.#streams, this.#cellId);
    if (value?.claim !== this.#value.claim) throw fenced(this.#cellId);
    return revision;
  }

  /** Deletes the cell and all that the bucket has of it. */
  async delete(): Promise<void> {
    const { kv, jsm, bucket } = this.#streams;
    // One more write: all that this owner has written is older than that, and what a later one writes is newer.
    await this.update({});
    const through = this.#revision;
    const options = { previousSeq: through, ttl: markerTtl };
    await attempt(() => kv.purge(keyOf(this.#cellId), options)).catch((error: unknown) => {
      throw isConflict(error) ? fenced(this.#cellId) : error;
    });
    const filter = `${bucket.prefix}${tokenOf(this.#cellId)}.>`;
    await attempt(() => jsm.streams.purge(bucket.name, { filter, seq: through + 1 }));
  }
}

const put = ({ kv }: JetStreams, cellId: string, value: RecordValue, previousSeq: number): Promise<number> =>
  attempt(() => kv.put(keyOf(cellId), JSON.stringify(value), { previousSeq }));
