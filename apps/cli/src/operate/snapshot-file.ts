import { ConfigError } from '@weir/base';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const schema = z.object({ learner: z.string().min(1), snapshot: z.unknown() });

/** A learner's snapshot as a file: JSON. */
export type SnapshotFile = z.output<typeof schema>;

/** Throws ConfigError for a file that cannot be read or is none of `weir snapshot export`. */
export async function readSnapshot(command: string, file: string): Promise<SnapshotFile> {
  const fault = (description: string) => new ConfigError(command, [{ field: file, description }]);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw fault((error as Error).message);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw fault('is no file of weir snapshot export');
  return parsed.data;
}
