import { InvalidInput } from '@weir/base';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ImportOptions, importModel } from './import-model.ts';
import { loadFamily, verifyChecksums } from './manifest.ts';
import { LEAST_PICTURES } from '../looks/estimate-curves.ts';
import { startRunner } from '../serving/runner.ts';

// Built by models/recipe/foreign.py: they tell which colour dominates.
const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/${name}.onnx`, import.meta.url));
const COLOURS = { blue: '#2040e0', green: '#30c030', red: '#d03020' };

let directory: string;
let images: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weir-import-'));
  images = join(directory, 'pictures');
  for (const [colour, background] of Object.entries(COLOURS)) {
    await mkdir(join(images, colour), { recursive: true });
    for (const side of [40, 300]) {
      const picture = sharp({ create: { width: side, height: side, channels: 3, background } });
      await picture.png().toFile(join(images, colour, `${side}.png`));
    }
  }
});
afterAll(() => rm(directory, { recursive: true }));

const importing = (name: string, options: Partial<ImportOptions> = {}) =>
  importModel({
    model: fixture(name),
    images,
    directory: join(directory, 'family'),
    labels: ['red', 'green', 'blue'],
    ...options,
  });

describe('importModel', () => {
  it('takes a model of another layout, size, type and normalisation, and serves it', async () => {
    const { variant, p50Ms } = await importing('colours-nhwc-uint8');
    expect(variant).toMatchObject({
      input: { layout: 'NHWC', shape: [1, 224, 224, 3], dtype: 'uint8', dynamicBatch: true },
      output: { kind: 'logits' },
      accuracy: { top1: 1, n: 6 },
      opset: 13,
      parameters: 9,
    });
    expect(p50Ms).toBeGreaterThan(0);

    const second = await importing('colours-nchw-normalised', { mean: [127.5], std: [127.5] });
    expect(second.variant).toMatchObject({
      input: { layout: 'NCHW', shape: [1, 3, 96, 128], dtype: 'float32', dynamicBatch: false },
      output: { kind: 'probabilities' },
      accuracy: { top1: 1 },
    });

    const family = await loadFamily(join(directory, 'family'));
    expect(family.variants.map(({ name }) => name)).toEqual([
      'colours-nhwc-uint8',
      'colours-nchw-normalised',
    ]);
    expect((await verifyChecksums(family)).every(({ matches }) => matches)).toBe(true);
    await using runner = await startRunner({ family });
    const image = await readFile(join(images, 'green', '40.png'));
    for (const { name } of family.variants)
      expect((await runner.run({ variant: name, input: { image } })).label).toBe('green');
  });

  it('reads labels from a CSV', async () => {
    const csv = join(directory, 'list.csv');
    await writeFile(csv, 'file,label\npictures/red/40.png,red\npictures/blue/40.png,green\n');
    const { variant } = await importing('colours-nhwc-uint8', {
      images: csv,
      directory: join(directory, 'other'),
    });
    expect(variant.accuracy).toMatchObject({ top1: 0.5, n: 2 });
  });

  it('measures what second looks buy as soon as there are two variants and pictures enough', async () => {
    const manyPictures = async (count: number) => {
      const csv = join(directory, `${count}.csv`);
      const colours = Object.keys(COLOURS);
      const lines = Array.from({ length: count }, (_, index) => colours[index % 3]!).map(
        (colour) => `pictures/${colour}/40.png,${colour}`,
      );
      await writeFile(csv, lines.join('\n'));
      return csv;
    };
    const into = { directory: join(directory, 'looks'), images: await manyPictures(LEAST_PICTURES) };
    const load = () => loadFamily(into.directory);

    // Divided by so much every picture is the same to it.
    const blind = { name: 'blind', mean: [127.5], std: [1e60] };
    expect((await importing('colours-nchw-normalised', { ...into, ...blind })).looks).toBeUndefined();
    expect((await load()).looks).toBeUndefined();

    const { looks } = await importing('colours-nhwc-uint8', into);
    expect(looks).toEqual({ pictures: LEAST_PICTURES, curves: 1 });
    const all = { share: 1, gain: expect.closeTo(2 / 3, 2) as number };
    expect((await load()).looks).toMatchObject({
      pictures: LEAST_PICTURES,
      curves: [{ first: 'blind', second: 'colours-nhwc-uint8', steps: [all] }],
    });

    const few = { ...into, images: await manyPictures(LEAST_PICTURES - 1) };
    const third = { name: 'third', mean: [127.5], std: [127.5] };
    expect((await importing('colours-nchw-normalised', { ...few, ...third })).looks).toEqual(looks);
    expect((await load()).looks!.curves).toHaveLength(1);

    // Its curves told of a model that is no longer there.
    expect((await importing('colours-nchw-normalised', { ...few, ...blind })).looks).toBeUndefined();
    expect((await load()).looks).toBeUndefined();
  });

  it.each([
    ['several inputs', 'two-inputs', {}, /must be one picture; the model takes 2: left, right/],
    ['an operator the runtime lacks', 'unknown-operator', {}, /operator .*Frobnicate/],
    ['sides that nobody named, and scales', 'dynamic-side', {}, /height.*width.*mean.*std/s],
    ['a normalisation that nobody named', 'colours-nchw-normalised', {}, /mean: must be given/],
    [
      'too few labels',
      'colours-nhwc-uint8',
      { labels: ['red', 'green', 'blue', 'grey'] },
      /3 classes, 4 are named/,
    ],
    ['pictures of classes it does not know', 'colours-nhwc-uint8', { labels: ['red', 'green', 'x'] }, /blue/],
  ])('refuses %s', async (_, name, options, reason) => {
    const refused = importing(name, { ...options, directory: join(directory, 'none') });
    await expect(refused).rejects.toThrow(InvalidInput);
    await expect(importing(name, { ...options, directory: join(directory, 'none') })).rejects.toThrow(reason);
    await expect(loadFamily(join(directory, 'none'))).rejects.toThrow(/no model family/);
  });

  it('takes open sides when they are named', async () => {
    const { variant } = await importing('dynamic-side', {
      directory: join(directory, 'open'),
      height: 48,
      width: 32,
      mean: [0],
      std: [255],
    });
    expect(variant.input.shape).toEqual([1, 3, 48, 32]);
    expect(variant.accuracy.top1).toBe(1);
  });
});
