import { type Logger, makeFolder } from '@weir/base';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The directory given, or a temporary one that is removed when disposed. Throws FailedPrecondition where there can be none. */
export async function openDataDirectory(
  given: string | undefined,
  logger: Logger,
): Promise<{ readonly path: string } & AsyncDisposable> {
  if (given !== undefined) {
    makeFolder(given);
    return { path: given, async [Symbol.asyncDispose]() {} };
  }
  const path = await mkdtemp(join(tmpdir(), 'weir-policy-'));
  logger.warn({ path }, 'no --data given: what is learned is kept until this process ends');
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
