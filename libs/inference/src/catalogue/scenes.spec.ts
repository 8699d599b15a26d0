import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadGarments } from './garments.ts';
import { decode } from '../serving/image.ts';
import { embeddedFamilyDirectory } from './manifest.ts';
import { TEST_SEED, composeScene } from './scenes.ts';

const garments = await loadGarments('test');
const json = async <T>(file: string) =>
  JSON.parse(await readFile(join(embeddedFamilyDirectory, file), 'utf8')) as T;

describe.skipIf(!garments)('composeScene (data set installed)', () => {
  it('composes the shipped samples to the byte', async () => {
    const samples =
      await json<{ file: string; scene: number; targetPx: number; noise: number }[]>('samples/labels.json');
    for (const { file, scene, targetPx, noise } of samples.slice(0, 40)) {
      const composed = composeScene(garments!, TEST_SEED, scene);
      const png = await readFile(join(embeddedFamilyDirectory, 'samples', file));
      expect(await decode(png, { height: 64, width: 64 })).toEqual(Buffer.from(composed.pixels));
      expect(composed.targetPx).toBeCloseTo(targetPx, 0);
      expect(composed.noise).toBeCloseTo(noise, 3);
    }
  });

  it("composes the recipe's thousand reference scenes to the byte", async () => {
    const { scenes, scenesSha256 } = await json<{ scenes: number; scenesSha256: string }>('references.json');
    const hash = createHash('sha256');
    for (let index = 0; index < scenes; index++)
      hash.update(composeScene(garments!, TEST_SEED, index).pixels);
    expect(hash.digest('hex')).toBe(scenesSha256);
  });
});

describe('loadGarments', () => {
  it('finds nothing where the data set is not installed', async () => {
    expect(await loadGarments('test', '/nowhere')).toBeUndefined();
  });
});
