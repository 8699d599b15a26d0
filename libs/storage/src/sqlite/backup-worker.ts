import { NotFound, WeirError } from '@weir/base/errors';
import { parentPort, workerData } from 'node:worker_threads';
import { cellsIn, copyCells } from './copy-cells.ts';
import { openDatabase } from './database.ts';

// A thread of its own: outcomes are journaled meanwhile.

/** What the thread starts with. */
export interface BackupWork {
  /** A copy of the whole store. */
  readonly copy: string;
  /** The backup: a file with nothing beside it. */
  readonly path: string;
  /** @default all cells */
  readonly cellId?: string | undefined;
}

/** Its one answer. */
export type BackupReply = { readonly refused?: Pick<WeirError, 'message' | 'status'> };

const { copy, path, cellId } = workerData as BackupWork;
try {
  using source = openDatabase(copy);
  using target = openDatabase(path);
  const cells = cellsIn(source);
  if (cellId !== undefined && !cells.includes(cellId)) throw new NotFound(`there is no cell ${cellId}`);
  target.exec('begin immediate');
  copyCells(source, target, cellId === undefined ? cells : [cellId]);
  target.exec('commit; pragma journal_mode = delete');
  parentPort!.postMessage({} satisfies BackupReply);
} catch (error) {
  if (!(error instanceof WeirError)) throw error;
  const { message, status } = error;
  parentPort!.postMessage({ refused: { message, status } } satisfies BackupReply);
}
