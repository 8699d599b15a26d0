import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { loadSamples } from './samples.ts';
import { loadFamily } from './manifest.ts';
import { palePicture } from './pale-picture.ts';

const [sample] = await loadSamples(await loadFamily());

describe('palePicture', () => {
  it('keeps the mean, and brings every pixel nearer to it', async () => {
    const image = await readFile(sample!.path);
    const of = async (picture: Uint8Array) => (await sharp(picture).stats()).channels;
    const [before, after] = [await of(image), await of(await palePicture(image, 0.6))];
    const mean = before.reduce((sum, channel) => sum + channel.mean, 0) / 3;
    for (const [at, { stdev, mean: own }] of after.entries()) {
      expect(stdev / before[at]!.stdev).toBeCloseTo(0.6, 1);
      expect(own).toBeCloseTo(mean + 0.6 * (before[at]!.mean - mean), 0);
    }
  });
});
