import { Unavailable, WeirError } from '@weir/base';
import type {
  Appended,
  Batch,
  CellChange,
  CellSize,
  JournalEntry,
  StoredCell,
  StoredSnapshot,
  StoredVersion,
} from '../experience.ts';
import type { StoreLimits } from '../limits.ts';
import { cellFenced, cellOwnedElsewhere } from '../store.ts';
import { dropBlob, getBlob, putBlob } from './blobs.ts';
import { CellJournal, type JournalCheckpoint, journalVolume, readJournal } from './cell-journal.ts';
import { CellMembers, readMembers } from './cell-members.ts';
import { CellRecord, readRecord, type RecordValue } from './cell-record.ts';
import { attempt } from './connection.ts';
import type { JetStreams } from './jetstream.ts';
import { tokenOf } from './names.ts';
import type { Owners } from './owners.ts';

/** What only the owner of a cell has. */
interface Claimed {
  readonly record: CellRecord;
  readonly journal: CellJournal;
  readonly members: CellMembers;
}

const checkpointName = 'checkpoint';
const versionName = (number: number) => `version-${number}`;
const snapshotName = (learner: string) => `snapshot-${learner}`;

export interface NatsCellOptions {
  readonly streams: JetStreams;
  readonly cellId: string;
  readonly limits: StoreLimits;
  /** Absent: the cell is whoever's who claims it last. */
  readonly owners: Owners | undefined;
  /** Another one has claimed it. */
  readonly onFenced: () => void;
}

/** As the record has it, whoever owns the cell. Throws Internal when a piece is missing. */
export async function readSnapshot(
  streams: JetStreams,
  cellId: string,
  { value, learner }: { value: RecordValue; learner: string },
): Promise<StoredSnapshot | undefined> {
  const stored = value.snapshots[learner];
  if (!stored) return undefined;
  const { position, ...ref } = stored;
  const state = await getBlob(streams, cellId, { name: snapshotName(learner), ...ref });
  return { learner, position, state };
}

/** One cell of the store. The caller runs one operation after another; the first that writes claims the cell. */
export class NatsCell {
  readonly #streams: JetStreams;
  readonly #cellId: string;
  readonly #limits: StoreLimits;
  readonly #owners: Owners | undefined;
  readonly #onFenced: () => void;
  #claimed: Claimed | undefined;
  #fenced: Error | undefined;
  #blobs = 0;

  constructor({ streams, cellId, limits, owners, onFenced }: NatsCellOptions) {
    this.#streams = streams;
    this.#cellId = cellId;
    this.#limits = limits;
    this.#owners = owners;
    this.#onFenced = onFenced;
  }

  /** As `Store.claim`. */
  claim(evenOwned: boolean): Promise<number> {
    return this.#asOwner(async ({ record }) => record.epoch, evenOwned);
  }

  /** Whoever wants it may own it now. */
  async release(): Promise<void> {
    const claimed = this.#claimed;
    [this.#claimed, this.#fenced] = [undefined, undefined];
    // It may have another owner already.
    if (claimed && this.#owners) await claimed.record.update({ owner: undefined }).catch(ignoreFenced);
  }

  /** Finds out whether there is another owner, unless the cell is not claimed; beside whatever else is under way. */
  async checkStanding(): Promise<void> {
    if (this.#claimed) await this.#asOwner(({ record }) => record.ownRevision());
  }

  async load(): Promise<StoredCell | undefined> {
    const value = await this.#value();
    if (!value) return undefined;
    const { objective, learner } = value;
    const members = this.#claimed
      ? await this.#claimed.members.load()
      : await readMembers(this.#streams, this.#cellId);
    return {
      ...(objective !== undefined && { objective }),
      ...(learner !== undefined && { learner }),
      members: members.map(({ deviceId, state }) => ({ deviceId, state })),
    };
  }

  async snapshot(learner: string): Promise<StoredSnapshot | undefined> {
    const value = await this.#value();
    return value && readSnapshot(this.#streams, this.#cellId, { value, learner });
  }

  change(change: CellChange): Promise<void> {
    const { objective, learner, joined = [], left = [], snapshots = [], joinedAt, version } = change;
    return this.#asOwner(async ({ record, members }) => {
      await members.write(
        new Map<string, string | undefined>([
          ...joined.map(({ deviceId, state }) => [deviceId, state] as const),
          ...left.map((deviceId) => [deviceId, undefined] as const),
        ]),
      );
      const isOfRecord = [objective, learner, joinedAt, version, snapshots[0]].some(
        (each) => each !== undefined,
      );
      if (!isOfRecord) return;
      const stored = { ...record.value.snapshots };
      const replaced: (() => Promise<void>)[] = [];
      for (const { learner: name, position, state } of snapshots) {
        const { ref, dropEarlier } = await this.#put(record, snapshotName(name), state);
        stored[name] = { ...ref, position };
        replaced.push(dropEarlier);
      }
      let { versions } = record.value;
      if (version) {
        const { state, ...kept } = version;
        // The newest is always kept, so that no number comes twice.
        const number = (versions[0]?.number ?? 0) + 1;
        const { ref } = await this.#put(record, versionName(number), state);
        versions = [{ ...kept, number, ...ref }, ...versions].slice(0, this.#limits.versions);
      }
      const dropped = record.value.versions.filter(({ number }) => number < (versions.at(-1)?.number ?? 0));
      await record.update({
        ...(joinedAt !== undefined && { joinedAt }),
        versions,
        ...(objective !== undefined && { objective }),
        ...(learner !== undefined && { learner }),
        snapshots: stored,
      });
      for (const dropEarlier of replaced) await dropEarlier();
      for (const { number } of dropped) await dropBlob(this.#streams, this.#cellId, versionName(number));
    });
  }

  async versions(): Promise<readonly StoredVersion[]> {
    return ((await this.#value())?.versions ?? []).map(({ id: _, pieces: __, ...version }) => version);
  }

  async version(number: number): Promise<(StoredVersion & { readonly state: string }) | undefined> {
    const found = (await this.#value())?.versions.find((each) => each.number === number);
    if (!found) return undefined;
    const { id, pieces, ...version } = found;
    const ref = { name: versionName(number), id, pieces, bytes: version.bytes };
    return { ...version, state: await getBlob(this.#streams, this.#cellId, ref) };
  }

  async size(): Promise<CellSize | undefined> {
    const value = await this.#value();
    if (!value) return undefined;
    const { learner, joinedAt, versions, snapshots } = value;
    const members = await readMembers(this.#streams, this.#cellId);
    const { outcomes, bytes } = await journalVolume(this.#streams, this.#cellId);
    const texts = members.reduce((sum, { state }) => sum + Buffer.byteLength(state), 0);
    const blobs = [...versions, ...Object.values(snapshots)].reduce((sum, blob) => sum + blob.bytes, 0);
    return {
      ...(learner !== undefined && { learner }),
      ...(joinedAt !== undefined && { joinedAt }),
      outcomes,
      versions: versions.length,
      bytes: bytes + blobs + texts,
    };
  }

  async remove(): Promise<boolean> {
    if (!(await this.#value())) return false;
    return this.#asOwner(async (claimed) => {
      await this.#forget(claimed);
      return true;
    });
  }

  async dropUnused(evenConfigured: boolean): Promise<boolean> {
    if (!(await this.#value())) return false;
    return this.#asOwner(async ({ record, journal }) => {
      const { objective, learner } = record.value;
      if (journal.kept.outcomes > 0 || (!evenConfigured && (objective ?? learner) !== undefined))
        return false;
      await this.#forget({ record, journal });
      return true;
    });
  }

  /** What a later owner writes stays. */
  async #forget({ record, journal }: Pick<Claimed, 'record' | 'journal'>): Promise<void> {
    await record.delete();
    const { jsm, outcomes } = this.#streams;
    const purge = { filter: outcomes.prefix + tokenOf(this.#cellId), seq: journal.last + 1 };
    await attempt(() => jsm.streams.purge(outcomes.name, purge));
    this.#claimed = undefined;
  }

  reserveVersions(count: number, above: number): Promise<number> {
    return this.#asOwner(async ({ record }) => {
      const reserved = Math.max(record.value.reserved, above) + count;
      await record.update({ reserved });
      return reserved;
    });
  }

  append(batches: readonly Batch[]): Promise<readonly Appended[]> {
    return this.#asOwner(async ({ record, journal }) => {
      // First: what is stored is answered, whatever becomes of a checkpoint.
      if (journal.isCheckpointDue) await this.#checkpoint(record, journal);
      return journal.append(batches);
    });
  }

  read(after: number, limit: number): Promise<readonly JournalEntry[]> {
    return readJournal(this.#streams, this.#cellId, { after, limit });
  }

  async newest(limit: number): Promise<readonly JournalEntry[]> {
    if (this.#claimed) return this.#claimed.journal.newest(limit);
    const all = await readJournal(this.#streams, this.#cellId, { after: 0, limit: Infinity });
    return all.slice(-limit);
  }

  async #value(): Promise<RecordValue | undefined> {
    return this.#claimed?.record.value ?? (await readRecord(this.#streams, this.#cellId)).value;
  }

  async #checkpoint(record: CellRecord, journal: CellJournal): Promise<void> {
    const { ref, dropEarlier } = await this.#put(
      record,
      checkpointName,
      JSON.stringify(journal.checkpoint()),
    );
    await record.update({ checkpoint: ref });
    await dropEarlier();
    await journal.checkpointStored();
  }

  #put({ epoch }: CellRecord, name: string, text: string) {
    return putBlob(this.#streams, this.#cellId, { name, id: `${epoch}-${++this.#blobs}`, text });
  }

  async #asOwner<T>(act: (claimed: Claimed) => Promise<T>, evenOwned = false): Promise<T> {
    if (this.#fenced) throw this.#fenced;
    try {
      this.#claimed ??= await this.#own(evenOwned);
      return await act(this.#claimed);
    } catch (error) {
      if (isFenced(error) && !this.#fenced) {
        this.#fenced = error as Error;
        this.#onFenced();
      }
      throw error;
    }
  }

  async #own(evenOwned: boolean): Promise<Claimed> {
    const streams = this.#streams;
    const cellId = this.#cellId;
    this.#owners?.checkShared();
    const checkFree = async (former: string) => {
      const address = evenOwned ? undefined : await this.#owners?.addressOf(former);
      if (address !== undefined)
        throw new Unavailable(`cell ${cellId} is the policy's at ${address}: go there`, {
          reason: cellOwnedElsewhere,
          info: { cell: cellId, owner: address },
        });
    };
    const record = await CellRecord.claim(streams, cellId, { owner: this.#owners?.id, checkFree });
    const { checkpoint: ref } = record.value;
    const checkpoint =
      ref &&
      (JSON.parse(await getBlob(streams, cellId, { name: checkpointName, ...ref })) as JournalCheckpoint);
    const journal = new CellJournal({
      streams,
      cellId,
      epoch: record.epoch,
      limits: this.#limits,
      checkpoint,
    });
    await journal.claim();
    const members = new CellMembers(streams, cellId, () => record.standing());
    return { record, journal, members };
  }
}

const isFenced = (error: unknown): boolean => error instanceof WeirError && error.reason === cellFenced;

function ignoreFenced(error: unknown): void {
  if (!isFenced(error)) throw error;
}
