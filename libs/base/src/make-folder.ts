import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { FailedPrecondition } from './errors.ts';

/**
 * Creates a folder with those above it, one by one: Node's recursive mkdir never returns where a file system refuses new
 * folders as if they were missing (`/proc/x`). Throws FailedPrecondition, naming the folder and why.
 */
export function makeFolder(path: string): void {
  const folder = resolve(path);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  const above = dirname(folder);
  if (above !== folder) makeFolder(above);
  try {
    mkdirSync(folder);
  } catch (cause) {
    // Another process may have been quicker.
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
    throw new FailedPrecondition(
      `${folder} cannot be a folder (${(cause as Error).message}); name a directory that can be written to`,
      { cause },
    );
  }
}
