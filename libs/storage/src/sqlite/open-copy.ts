import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyStore } from './read-store.ts';
import { openStore, type StoreOptions } from './sqlite-store.ts';
import type { Store } from '../store.ts';

/** A folder in memory, for when the disk of temporary files takes nothing either. */
const inMemory = '/dev/shm';

/**
 * Opens a private copy of the store, or an empty one where there is none: what it is told is lost when it is disposed. Throws
 * as `openStore`.
 */
export async function openCopy({ path, ...options }: StoreOptions): Promise<Store> {
  let refusal: unknown;
  for (const parent of [tmpdir(), inMemory]) {
    let folder: string | undefined;
    try {
      folder = mkdtempSync(join(parent, 'weir-copy-'));
      const copy = join(folder, 'copy.db');
      if (existsSync(path)) copyStore(path, copy);
      return removedWith(await openStore({ ...options, path: copy }), folder);
    } catch (error) {
      refusal ??= error;
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    }
  }
  throw refusal;
}

const removedWith = (store: Store, folder: string): Store => ({
  ...store,
  async [Symbol.asyncDispose]() {
    await store[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  },
});
