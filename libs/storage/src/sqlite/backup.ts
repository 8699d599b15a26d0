import { FailedPrecondition, NotFound } from '@weir/base';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { StoreBackup } from '../store.ts';
import type { BackupReply, BackupWork } from './backup-worker.ts';

const mark = '.backup-';

/** Removes what a backup left that was interrupted. */
export function removeLeftBackups(path: string): void {
  const folder = dirname(path);
  for (const name of readdirSync(folder))
    if (name.startsWith(`${basename(path)}${mark}`)) rmSync(join(folder, name), { force: true });
}

/**
 * Writes a backup beside the store, of one cell or of all: a store with nothing but these, and without what its file
 * still held of deleted ones. `copyTo` copies the file as it is. Throws NotFound for a cell that is none.
 */
export async function writeBackup(
  path: string,
  { cellId, copyTo }: { cellId?: string | undefined; copyTo: (path: string) => Promise<void> },
): Promise<StoreBackup> {
  const name = `${path}${mark}${randomUUID()}`;
  const [copy, backup] = [`${name}.copy`, `${name}.db`];
  const remove = (file: string) => {
    for (const end of ['', '-wal', '-journal']) rmSync(`${file}${end}`, { force: true });
  };
  try {
    // What devices did is nobody else's to read, from the first byte on.
    closeSync(openSync(copy, 'wx', 0o600));
    await copyTo(copy);
    const worker = new Worker(new URL('./backup-worker.ts', import.meta.url), {
      workerData: { copy, path: backup, cellId } satisfies BackupWork,
    });
    const answered = once(worker, 'message') as Promise<[BackupReply]>;
    const [[{ refused }]] = await Promise.all([answered, once(worker, 'exit')]);
    if (refused?.status === 'NOT_FOUND') throw new NotFound(refused.message);
    if (refused) throw new FailedPrecondition(refused.message);
    return { path: backup, [Symbol.dispose]: () => remove(backup) };
  } catch (error) {
    remove(backup);
    throw error;
  } finally {
    remove(copy);
  }
}
