import { FailedPrecondition, NotFound } from '@weir/base';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { dirname, join } from 'node:path';

/** Replaces a file in one step: readers see the old one or the new one, whole. */
export function replaceFile(path: string, content: string, mode: 0o600 | 0o644): void {
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, content, { mode });
  renameSync(draft, path);
}

/** Throws NotFound when there is none, with `hint` as the cure. */
export function readText(path: string, hint: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new NotFound(`cannot read ${path} (${(cause as Error).message}): ${hint}`, { cause });
  }
}

/** A folder that nobody else reads. */
export const privateFolder = (path: string): void => void mkdirSync(path, { recursive: true, mode: 0o700 });

export const exists = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;

/** How long another process may hold the lock, ms. */
const lockWaitMs = 5_000;

/** One process at a time changes what is in `folder`. Throws FailedPrecondition when the lock is not given back. */
export async function locked<Value>(folder: string, change: () => Promise<Value>): Promise<Value> {
  const path = join(folder, '.lock');
  for (let waitedMs = 0; ; waitedMs += 50) {
    try {
      closeSync(openSync(path, 'wx', 0o600));
      break;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST')
        throw new FailedPrecondition(`cannot write to ${dirname(path)}: ${(cause as Error).message}`, {
          cause,
        });
      if (waitedMs >= lockWaitMs)
        throw new FailedPrecondition(`another command is changing ${folder}; if none is, remove ${path}`, {
          cause,
        });
      await wait(50);
    }
  }
  try {
    return await change();
  } finally {
    rmSync(path, { force: true });
  }
}
