import { readFile } from 'node:fs/promises';
import { NotFound } from '@weir/base';
import type { Sample } from '@weir/cell';
import { type Family, loadSamples } from '@weir/inference';

/** The labelled pictures beside a family's models. Throws NotFound when it has none. */
export async function samplesOf(family: Family): Promise<readonly Sample[]> {
  const listed = await loadSamples(family);
  if (listed.length === 0)
    throw new NotFound(`${family.directory} has no labelled pictures (samples/labels.json)`);
  return Promise.all(
    listed.map(async ({ path, label }) => ({ file: path, label, image: await readFile(path) })),
  );
}
