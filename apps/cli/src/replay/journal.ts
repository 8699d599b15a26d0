import { FailedPrecondition, NotFound, Unavailable } from '@weir/base';
import { defaultObjective, type Objective, type Outcome } from '@weir/domain';
import {
  type JournalEntry,
  memberFromJson,
  type NatsServers,
  objectiveSchema,
  outcomeFromJson,
  readNatsStore,
  readStore,
  type StoredCell,
  type StoredDevice,
  storedRow,
  storeFile,
} from '@weir/storage';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** What a store holds of one cell. */
export interface Journal {
  readonly cellId: string;
  /** Set at run time; absent: the flags of PolicyService were in force. */
  readonly objective: Objective | undefined;
  /** Chosen at run time; absent likewise. */
  readonly learner: string | undefined;
  readonly members: readonly StoredDevice[];
  readonly outcomes: readonly Outcome[];
  /** Rows that are no outcomes. */
  readonly damaged: number;
}

/** Rows that are read at once. */
const CHUNK = 10_000;

/** Where a PolicyService keeps what it learns. */
export type JournalPlace = { readonly data: string } | { readonly nats: NatsServers };

/** Longest wait for a server, ms. */
const patienceMs = 10_000;

/**
 * Reads a cell's journal without touching it; `cellId` may be left out where there is one cell. Throws NotFound where there
 * is no folder, journal or cell, FailedPrecondition where several could be meant or its devices are gone, Unavailable where no
 * server answers.
 */
export async function readJournal(place: JournalPlace, cellId: string | undefined): Promise<Journal> {
  await using store = await readerOf(place);
  const where = 'data' in place ? `in ${place.data}` : `at ${place.nats.servers.join(', ')}`;
  const cells = await store.cells();
  const named = cellId ?? (cells.length === 1 ? cells[0]! : undefined);
  if (cells.length === 0) throw new NotFound(`the journal ${where} holds no cell yet`);
  if (named === undefined)
    throw new FailedPrecondition(`there are several cells, say which with --cell: ${cells.join(', ')}`);
  const stored = await store.load(named);
  if (!stored) throw new NotFound(`there is no cell ${named} ${where}; there is ${cells.join(', ')}`);
  if (stored.members.length === 0)
    throw new FailedPrecondition(
      `no device is left in cell ${named}: PolicyService forgets one that has been away for --grace-ms. ` +
        'Replay while they are connected, or what a PolicyService has left that stopped before them',
    );
  const outcomes: Outcome[] = [];
  let damaged = 0;
  for (let after = 0; ;) {
    const entries = await store.read(named, after, CHUNK);
    if (entries.length === 0) break;
    after = entries.at(-1)!.position;
    for (const { outcome } of entries)
      try {
        outcomes.push(outcomeFromJson(outcome));
      } catch {
        damaged++;
      }
  }
  return {
    cellId: named,
    objective: stored.objective
      ? { ...defaultObjective, ...storedRow(stored.objective, 'objective', objectiveSchema) }
      : undefined,
    learner: stored.learner,
    members: stored.members.map(({ state }) => memberFromJson(state)),
    outcomes,
    damaged,
  };
}

/** Of a file or of servers. */
interface Reader {
  cells(): readonly string[] | Promise<readonly string[]>;
  load(cellId: string): (StoredCell | undefined) | Promise<StoredCell | undefined>;
  read(
    cellId: string,
    after: number,
    limit: number,
  ): readonly JournalEntry[] | Promise<readonly JournalEntry[]>;
}

async function readerOf(place: JournalPlace): Promise<Reader & (Disposable | AsyncDisposable)> {
  if ('nats' in place) {
    const signal = AbortSignal.timeout(patienceMs);
    return readNatsStore({ ...place.nats, signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
      throw new Unavailable(`no server answers at ${place.nats.servers.join(', ')}`);
    });
  }
  const { data } = place;
  if (!existsSync(data)) throw new NotFound(`there is no folder ${data}`);
  const path = join(data, storeFile);
  if (!existsSync(path))
    throw new NotFound(
      `${data} holds no journal (${storeFile}); expected the --data folder of a PolicyService`,
    );
  return readStore(path);
}
