import { FailedPrecondition, makeFolder, sleep } from '@weir/base';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface LockOptions {
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
  /** Called once, when another import has the lock. */
  readonly onWait?: (() => void) | undefined;
}

const retryMs = 100;
/** Result codes of SQLite, their low byte. https://sqlite.org/rescode.html */
const BUSY = 5;

/**
 * One import into a family at a time; the others wait. The lock is SQLite's on a file of its own, hence the operating
 * system's: it ends with the process that has it, however that ends.
 * @throws FailedPrecondition when the folder cannot be written, naming why; what `signal` aborts with
 */
export async function lockFamily(
  directory: string,
  { signal, onWait }: LockOptions = {},
): Promise<Disposable> {
  makeFolder(directory);
  const database = openLock(directory);
  let waited = false;
  try {
    while (!tryLock(database, directory)) {
      if (!waited) onWait?.();
      waited = true;
      await sleep(retryMs, signal && { signal });
    }
  } catch (error) {
    database.close();
    throw error;
  }
  return { [Symbol.dispose]: () => database.close() };
}

function openLock(directory: string): DatabaseSync {
  try {
    return new DatabaseSync(join(directory, '.import.lock'), { timeout: 0 });
  } catch (cause) {
    throw notLockable(directory, cause);
  }
}

function tryLock(database: DatabaseSync, directory: string): boolean {
  try {
    // Nothing is ever written: no journal beside the lock.
    database.exec('pragma journal_mode = memory; begin exclusive');
    return true;
  } catch (cause) {
    if (((cause as { errcode?: number }).errcode ?? 0) % 256 === BUSY) return false;
    throw notLockable(directory, cause);
  }
}

const notLockable = (directory: string, cause: unknown) =>
  new FailedPrecondition(
    `${directory} cannot be written to (${(cause as Error).message}); name a folder that this user may write to`,
    { cause },
  );
