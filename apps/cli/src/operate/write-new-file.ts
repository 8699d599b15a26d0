import { ConfigError } from '@weir/base';
import { randomUUID } from 'node:crypto';
import { link, open, rename, rm, stat } from 'node:fs/promises';

export interface NewFileOptions<Value> {
  /** Replace a file of that name. */
  readonly replace: boolean;
  /** Rejects when what was written is of no use. */
  readonly check: (path: string) => Promise<Value>;
}

/**
 * Writes a file that only its owner can read, whole or not at all: it has its name when it is on the disk and has been
 * checked. Rejects with ConfigError, before anything is read, for a file that is there, unless it may be replaced, and where none
 * can be written.
 */
export async function writeNewFile<Value>(
  command: string,
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  { replace, check }: NewFileOptions<Value>,
): Promise<{ bytes: number; value: Value }> {
  const fault = (description: string) => new ConfigError(command, [{ field: 'FILE', description }]);
  const exists = () => fault(`${path} is there already; name another file, or give --force`);
  const unwritable = ({ message }: Error) => {
    throw fault(`${path} cannot be written: ${message}`);
  };
  const there = await stat(path).catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENOENT' ? undefined : unwritable(error),
  );
  if (there && !there.isFile()) throw fault(`${path} is no file that can be replaced; name another`);
  if (there && !replace) throw exists();
  const part = `${path}.${randomUUID()}.part`;
  try {
    await using file = await open(part, 'wx', 0o600).catch(unwritable);
    for await (const chunk of chunks) await file.writeFile(chunk);
    await file.sync();
    const value = await check(part);
    const { size: bytes } = await stat(part);
    if (replace) await rename(part, path);
    // Unlike a renamed one, a link never takes the place of a file that has come meanwhile.
    else
      await link(part, path).catch((error: NodeJS.ErrnoException) => {
        throw error.code === 'EEXIST' ? exists() : error;
      });
    return { bytes, value };
  } finally {
    await rm(part, { force: true });
  }
}
