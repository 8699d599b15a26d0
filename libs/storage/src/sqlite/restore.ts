import { AlreadyExists, FailedPrecondition, makeFolder } from '@weir/base';
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { DatabaseSync } from 'node:sqlite';
import { createGunzip } from 'node:zlib';
import { cellRemoval } from './cell-removal.ts';
import { cellsIn, type CopiedCell, copyCells } from './copy-cells.ts';
import { openDatabase } from './database.ts';

/** A cell as it came back. */
export interface RestoredCell extends CopiedCell {
  /** It took the place of one that was there. */
  readonly replaced: boolean;
}

/**
 * Puts the cells of a backup into the store at `path`, which no PolicyService may have open, all of them or none; what is
 * there of other cells stays. Makes the store where there is none. Throws FailedPrecondition for a file that is no backup, is
 * damaged or of a newer Weir, and for a store that is in use; AlreadyExists, naming them, for cells that are there, unless
 * `replace`.
 */
export async function restoreBackup(
  file: string,
  { path, replace }: { path: string; replace: boolean },
): Promise<readonly RestoredCell[]> {
  return withBackup(file, (source) => {
    makeFolder(dirname(path));
    using database = openDatabase(path);
    const cells = cellsIn(source);
    const known = new Set(cellsIn(database));
    const there = cells.filter((cellId) => known.has(cellId));
    if (there.length > 0 && !replace)
      throw new AlreadyExists(`${path} has ${there.join(', ')} already`, { reason: 'CELL_EXISTS' });
    database.exec('begin immediate');
    for (const cellId of there) remove(database, cellId);
    const copied = copyCells(source, database, cells);
    database.exec('commit');
    return copied.map((cell) => ({ ...cell, replaced: known.has(cell.cellId) }));
  });
}

/** What is in a backup. Throws FailedPrecondition as `restoreBackup`. */
export const readBackup = (file: string): Promise<readonly CopiedCell[]> =>
  withBackup(file, (source) => {
    const count = (table: string) =>
      source.prepare(`select count(*) as n from ${table} where cell = (select id from cell where name = ?)`);
    const [devices, outcomes, versions] = ['member', 'experience', 'version'].map(count);
    return cellsIn(source).map((cellId) => ({
      cellId,
      devices: Number(devices!.get(cellId)?.n),
      outcomes: Number(outcomes!.get(cellId)?.n),
      versions: Number(versions!.get(cellId)?.n),
    }));
  });

/** Unpacks a backup, which proves its checksum, and checks what is in it. */
async function withBackup<Result>(file: string, use: (source: DatabaseSync) => Result): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-restore-'));
  try {
    const path = join(folder, 'backup.db');
    const unpacked = createWriteStream(path, { mode: 0o600 });
    await pipeline(createReadStream(file), createGunzip(), unpacked).catch((error: unknown) => {
      throw unreadable(file, error as NodeJS.ErrnoException);
    });
    // SQLite would make a new database of it.
    if (unpacked.bytesWritten === 0) throw noBackup(file);
    using source = opened(path, file);
    return use(source);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function opened(path: string, file: string): DatabaseSync {
  try {
    return openDatabase(path);
  } catch (error) {
    if (!(error instanceof FailedPrecondition)) throw error;
    // The cures that it names are those of a store in use.
    const [fault] = error.message.replaceAll(path, file).split(';');
    throw new FailedPrecondition(fault!, { reason: 'BACKUP_UNUSABLE', cause: error });
  }
}

const noBackup = (file: string) =>
  new FailedPrecondition(`${file} is no backup`, { reason: 'BACKUP_UNUSABLE' });

function unreadable(file: string, error: NodeJS.ErrnoException): Error {
  const { code = '', message } = error;
  if (code === 'Z_DATA_ERROR' && message.includes('header')) return noBackup(file);
  if (code.startsWith('Z_'))
    return new FailedPrecondition(`${file} is damaged: ${message}`, {
      reason: 'BACKUP_UNUSABLE',
      cause: error,
    });
  return new FailedPrecondition(message, { reason: 'BACKUP_UNUSABLE', cause: error });
}

function remove(database: DatabaseSync, cellId: string): void {
  const removal = cellRemoval(database);
  removal.begin(Number(database.prepare('select id from cell where name = ?').get(cellId)!.id));
  while (removal.goOn());
}
