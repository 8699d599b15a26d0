import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NotFound } from '@weir/base';
import type { Family } from '@weir/inference';
import type { Sample } from '@weir/cell';
import { z } from 'zod';

const labels = z.array(z.object({ file: z.string().regex(/^[\w.-]+$/), label: z.string() })).min(1);

/** The labelled pictures beside a family's models: `samples/labels.json` and the files it names. Throws NotFound. */
export async function loadSamples({ name, directory }: Family): Promise<readonly Sample[]> {
  const folder = join(directory, 'samples');
  try {
    const listed = labels.parse(JSON.parse(await readFile(join(folder, 'labels.json'), 'utf8')));
    return await Promise.all(
      listed.map(async ({ file, label }) => ({ file, label, image: await readFile(join(folder, file)) })),
    );
  } catch (cause) {
    throw new NotFound(`${name} has no labelled pictures: ${(cause as Error).message}`, { cause });
  }
}
