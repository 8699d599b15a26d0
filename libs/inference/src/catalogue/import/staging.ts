import { FailedPrecondition, ResourceExhausted, WeirError } from '@weir/base';
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  open,
  readdir,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A folder within the family's own, hence on its disk, in which everything is written before it is renamed into place. */
export interface Staging extends AsyncDisposable {
  /** Path of a file in it. */
  readonly path: (...names: string[]) => string;
  /** Copies a file into it, with the folders of `name`, and waits for the disk. */
  readonly copy: (from: string, name: string) => Promise<void>;
  /** Links to a file instead. */
  readonly link: (to: string, name: string) => Promise<void>;
  readonly write: (name: string, text: string) => Promise<void>;
  /** Into the family's folder, in the place of what is there. */
  readonly publish: (name: string, target?: string) => Promise<void>;
}

const prefix = '.import-';

/** Only with the family's lock: removes what imports have left that were killed. */
export async function openStaging(directory: string): Promise<Staging> {
  return withReason(directory, async () => {
    for (const name of await readdir(directory))
      if (name.startsWith(prefix)) await rm(join(directory, name), { recursive: true, force: true });
    const aside = await mkdtemp(join(directory, prefix));
    const path = (...names: string[]) => join(aside, ...names);
    return {
      path,
      async copy(from, name) {
        await mkdir(dirname(path(name)), { recursive: true });
        await copyFile(from, path(name));
        // Whoever serves the family may be another user than who has the model.
        await chmod(path(name), 0o644);
        await flushed(path(name));
      },
      async link(to, name) {
        await mkdir(dirname(path(name)), { recursive: true });
        await symlink(await realpath(to), path(name));
      },
      async write(name, text) {
        await mkdir(dirname(path(name)), { recursive: true });
        await writeFile(path(name), text);
        await flushed(path(name));
      },
      async publish(name, target = name) {
        await mkdir(dirname(join(directory, target)), { recursive: true });
        await rename(path(name), join(directory, target));
      },
      async [Symbol.asyncDispose]() {
        await rm(aside, { recursive: true, force: true });
      },
    };
  });
}

async function flushed(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const refused = new Set(['EACCES', 'EPERM', 'EROFS', 'EEXIST', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG']);

/**
 * Runs `write` and says in a user's words why the family's folder could not be written to.
 * @throws ResourceExhausted for a full disk, FailedPrecondition when the folder takes nothing
 */
export async function withReason<T>(directory: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    if (cause instanceof WeirError) throw cause;
    if (full.has(code))
      throw new ResourceExhausted(
        `there is no room for the import in ${directory} (${message}); what was there is as it was`,
        { cause, reason: 'DISK_FULL' },
      );
    if (refused.has(code))
      throw new FailedPrecondition(
        `${directory} cannot be written to (${message}); what was there is as it was`,
        { cause },
      );
    throw cause;
  }
}
