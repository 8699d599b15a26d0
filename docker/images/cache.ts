import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A folder for what was downloaded, made if need be. */
export async function cacheFolder(...names: readonly string[]): Promise<string> {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'weir', ...names);
  await mkdir(folder, { recursive: true });
  return folder;
}
