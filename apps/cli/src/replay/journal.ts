import { FailedPrecondition, NotFound } from '@weir/base';
import { defaultObjective, type Objective, type Outcome } from '@weir/domain';
import {
  memberFromJson,
  objectiveSchema,
  outcomeFromJson,
  readStore,
  type StoredDevice,
  storedRow,
  storeFile,
} from '@weir/storage';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** What a data directory holds of one cell. */
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

/**
 * Reads a cell's journal without touching it; `cellId` may be left out where there is one cell. Throws NotFound where there
 * is no folder, journal or cell, FailedPrecondition where several could be meant or its devices are gone.
 */
export function readJournal(data: string, cellId: string | undefined): Journal {
  if (!existsSync(data)) throw new NotFound(`there is no folder ${data}`);
  const path = join(data, storeFile);
  if (!existsSync(path))
    throw new NotFound(
      `${data} holds no journal (${storeFile}); expected the --data folder of a PolicyService`,
    );
  using store = readStore(path);
  const cells = store.cells();
  const named = cellId ?? (cells.length === 1 ? cells[0]! : undefined);
  if (cells.length === 0) throw new NotFound(`the journal in ${data} holds no cell yet`);
  if (named === undefined)
    throw new FailedPrecondition(`there are several cells, say which with --cell: ${cells.join(', ')}`);
  const stored = store.load(named);
  if (!stored) throw new NotFound(`there is no cell ${named} in ${data}; there is ${cells.join(', ')}`);
  if (stored.members.length === 0)
    throw new FailedPrecondition(
      `no device is left in cell ${named}: PolicyService forgets one that has been away for --grace-ms. ` +
        'Replay while they are connected, or the folder of a PolicyService that stopped before them',
    );
  const outcomes: Outcome[] = [];
  let damaged = 0;
  for (let after = 0; ;) {
    const entries = store.read(named, after, CHUNK);
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
