import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { FailedPrecondition } from './errors.ts';

/**
 * Creates a folder with those above it, one by one: Node's recursive mkdir never returns where a file system refuses new
 * folders as if they were missing (`/proc/x`). Throws FailedPrecondition, naming the folder and why.
 */
export function makeFolder(path: string): void {
  const folder = resolve(path);
  try {
    makeEach(folder);
  } catch (cause) {
    throw new FailedPrecondition(
      `${folder} cannot be a folder (${(cause as Error).message}); name a directory that can be written to`,
      { cause },
    );
  }
}

function makeEach(folder: string): void {
  if (isFolder(folder)) return;
  const above = dirname(folder);
  if (above !== folder) makeEach(above);
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another process may have been quicker.
    if (!isFolder(folder)) throw error;
  }
}

const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
