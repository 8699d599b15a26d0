import { AlreadyExists } from '@weir/base';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, open, rename, rm, stat } from 'node:fs/promises';

export interface NewFileOptions<Value> {
  /** Replace a file of that name. */
  readonly replace: boolean;
  /** Rejects when what was written is of no use. */
  readonly check: (path: string) => Promise<Value>;
}

/**
 * Writes a file that only its owner can read, whole or not at all: it has its name when it is on the disk and has been
 * checked. Rejects with AlreadyExists for a file that is there, before anything is read, unless it may be replaced.
 */
export async function writeNewFile<Value>(
  path: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { replace, check }: NewFileOptions<Value>,
): Promise<{ bytes: number; value: Value }> {
  const exists = () => new AlreadyExists(`${path} is there already; name another file, or give --force`);
  if (!replace && existsSync(path)) throw exists();
  const part = `${path}.${randomUUID()}.part`;
  try {
    await using file = await open(part, 'wx', 0o600);
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
