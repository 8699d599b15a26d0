import { FailedPrecondition, NotFound, Unavailable } from '@weir/base';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readSync,
  closeSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from './database.ts';
import type { JournalEntry, StoredCell } from '../experience.ts';
import { defaultLimits } from '../limits.ts';
import { openTables } from './tables.ts';

/** A store as it was at one instant. */
export interface StoreReader extends Disposable {
  /** Names of all cells ever seen. */
  cells(): readonly string[];
  load(cellId: string): StoredCell | undefined;
  /** At most `limit` entries after `position`, oldest first. */
  read(cellId: string, after: number, limit: number): readonly JournalEntry[];
}

/** Times that a copy is begun again because the store was tidied meanwhile. */
const ATTEMPTS = 5;

/**
 * Reads a store without touching it, even while PolicyService runs on it: it keeps the file to itself, so what is read is a
 * private copy. Throws NotFound where there is no file, FailedPrecondition for one that is no store or corrupt.
 */
export function readStore(path: string): StoreReader {
  if (!existsSync(path)) throw new NotFound(`there is no ${path}`, { reason: 'NO_STORE' });
  const folder = mkdtempSync(join(tmpdir(), 'weir-read-'));
  try {
    const copy = join(folder, 'copy.db');
    copyStore(path, copy);
    const database = openDatabase(copy);
    const { cells, load, read } = openTables(database, defaultLimits);
    return {
      cells,
      load,
      read,
      [Symbol.dispose]() {
        database.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    if (!(error instanceof FailedPrecondition)) throw error;
    throw new FailedPrecondition(error.message.replaceAll(join(folder, 'copy.db'), path), {
      reason: error.reason,
      cause: error,
    });
  }
}

/**
 * File first, then its write-ahead log. What a checkpoint moves into the file meanwhile is in the log as well, until the log
 * begins anew: its header tells.
 */
export function copyStore(path: string, copy: string): void {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = generationOf(`${path}-wal`);
    copyFileSync(path, copy);
    rmSync(`${copy}-wal`, { force: true });
    if (before !== '') copyFileSync(`${path}-wal`, `${copy}-wal`);
    if (generationOf(`${path}-wal`) === before) return;
  }
  throw new Unavailable(`${path} changes too fast to be read; try again`);
}

/** Salts of a write-ahead log; empty: there is none. https://sqlite.org/walformat.html */
function generationOf(path: string): string {
  try {
    if (statSync(path).size < 32) return '';
    const file = openSync(path, 'r');
    try {
      const header = Buffer.alloc(32);
      readSync(file, header, 0, 32, 0);
      return header.toString('hex');
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
