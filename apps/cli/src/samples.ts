import { readFile } from 'node:fs/promises';
import { NotFound } from '@weir/base';
import type { Picture, Sample } from '@weir/cell';
import { type Family, loadSamples } from '@weir/inference';
import { tensorSamplesOf } from './models/tensor-samples.ts';

/** What a family can be asked: its pictures, or tensors where it classifies none. Throws NotFound for classifiers without pictures. */
export const samplesOf = async (family: Family): Promise<readonly Sample[]> =>
  tensorSamplesOf(family) ?? picturesOf(family);

/** The labelled pictures beside a family's models. Throws NotFound when it has none. */
export async function picturesOf(family: Family): Promise<readonly Picture[]> {
  const listed = await loadSamples(family);
  if (listed.length === 0)
    throw new NotFound(
      `${family.directory} has no labelled pictures to send: \`weir models import\` keeps some, or write ` +
        'samples/labels.json there, a list of {"file": …, "label": …}, with PNG or JPEG files beside it',
    );
  return Promise.all(
    listed.map(async ({ path, label }) => ({ file: path, label, image: await readFile(path) })),
  );
}
