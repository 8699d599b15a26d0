import { FakeClock, InvalidInput } from '@weir/base';
import { lstat, mkdir, mkdtemp, readFile, readdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ImportOptions, importModel } from './import-model.ts';
import { loadFamily, verifyChecksums } from './manifest.ts';
import { LEAST_PICTURES } from '../looks/estimate-curves.ts';
import { loadSamples } from './samples.ts';
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
    keep: { most: 400, mostBytes: 4_000_000 },
    runs: 3,
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
    // Small inputs: hundreds of pictures are run many times.
    const small = { height: 16, width: 16, mean: [127.5], std: [127.5] };
    const into = {
      ...small,
      directory: join(directory, 'looks'),
      images: await manyPictures(LEAST_PICTURES),
    };
    const load = () => loadFamily(into.directory);

    // Divided by so much every picture is the same to it.
    const blind = { name: 'blind', std: [1e60] };
    expect((await importing('dynamic-side', { ...into, ...blind })).looks).toBeUndefined();
    expect((await load()).looks).toBeUndefined();

    const { looks } = await importing('dynamic-side', into);
    expect(looks).toEqual({ pictures: LEAST_PICTURES, curves: 1 });
    const all = { share: 1, gain: expect.closeTo(2 / 3, 2) as number };
    expect((await load()).looks).toMatchObject({
      pictures: LEAST_PICTURES,
      curves: [{ first: 'blind', second: 'dynamic-side', steps: [all] }],
    });

    const few = { ...into, images: await manyPictures(LEAST_PICTURES - 1) };
    expect((await importing('dynamic-side', { ...few, name: 'third' })).looks).toEqual(looks);
    expect((await load()).looks!.curves).toHaveLength(1);

    // Its curves told of a model that is no longer there.
    const again = { ...small, directory: into.directory, ...blind };
    expect((await importing('dynamic-side', again)).looks).toBeUndefined();
    expect((await load()).looks).toBeUndefined();
  });

  it.each([
    ['several inputs', 'two-inputs', {}, /must be one picture; the model takes 2: left, right/],
    ['an operator the runtime lacks', 'unknown-operator', {}, /operator .*Frobnicate/],
    ['sides that nobody named, and scales', 'dynamic-side', {}, /height.*width.*mean.*std/s],
    ['a division by 0', 'colours-nchw-normalised', { mean: [0], std: [1, 0, 1] }, /std: must not be 0/],
    ['class numbers instead of confidences', 'class-numbers', {}, /number for each class.*it is int64/],
    [
      'outputs that are not finite',
      'not-finite',
      {},
      /red.40\.png: the model gave an output that is not finite/,
    ],
    ['a name that is none', 'colours-nhwc-uint8', { name: '../mine' }, /name: \.\.\/mine must be/],
    ['a normalisation that nobody named', 'colours-nchw-normalised', {}, /mean: must be given/],
    [
      'labels too many',
      'colours-nhwc-uint8',
      { labels: ['red', 'green', 'blue', 'grey'] },
      /3 classes, 4 are named/,
    ],
    ['pictures of classes it does not know', 'colours-nhwc-uint8', { labels: ['red', 'green', 'x'] }, /blue/],
  ])('refuses %s', async (_, name, options, reason) => {
    const refused = importing(name, { ...options, directory: join(directory, 'none') });
    const error = await refused.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(InvalidInput);
    expect((error as InvalidInput).message).toMatch(reason);
    await expect(loadFamily(join(directory, 'none'))).rejects.toThrow(/no model family/);
  });

  it('names every fault of model, labels and pictures together', async () => {
    const labels = join(directory, 'labels.txt');
    await writeFile(labels, 'red\ngreen\n\nred\n');
    const refused = importing('colours-nchw-normalised', { labels: [labels], images: 'nowhere' });
    await expect(refused).rejects.toThrow(/mean.*std.*labels\.txt:3: is empty.*labels\.txt:4: red is also/);
    const pictures = join(directory, 'faulty');
    await mkdir(join(pictures, 'red'), { recursive: true });
    await writeFile(join(pictures, 'red', 'empty.png'), '');
    const whole = await readFile(join(images, 'red', '300.png'));
    await writeFile(join(pictures, 'red', 'cut.png'), whole.subarray(0, whole.length / 2));
    await writeFile(join(pictures, 'red', 'text.jpg'), 'no picture');
    const faulty = importing('dynamic-side', { images: pictures });
    await expect(faulty).rejects.toThrow(
      /height.*cut\.png: cannot be decoded.*empty\.png: is empty.*text\.jpg: is neither/,
    );
  });

  it.each([
    ['quantised-softmax', { kind: 'probabilities', quantisation: { zeroPoint: 0 } }],
    ['quantised-logits', { kind: 'logits', quantisation: { zeroPoint: -3 } }],
    ['coarse-softmax', { kind: 'probabilities', quantisation: { zeroPoint: 0 } }],
    ['shares', { kind: 'probabilities' }],
    ['half-floats', { kind: 'logits' }],
    ['one-at-a-time', { kind: 'logits' }],
    ['relative', { kind: 'logits' }],
  ])('serves a model that ends otherwise: %s', async (name, output) => {
    const into = { directory: join(directory, name) };
    const { variant, told } = await importing(name, into);
    // The brightest of all pictures of a batch is what `relative` divides by.
    const dynamicBatch = !['one-at-a-time', 'relative'].includes(name);
    expect(variant).toMatchObject({ accuracy: { top1: 1 }, output });
    expect(variant.input.dynamicBatch).toBe(dynamicBatch);
    expect(told).toEqual(dynamicBatch ? [] : [expect.stringContaining('one picture at a time')]);
    await using runner = await startRunner({ family: await loadFamily(into.directory), maxBatch: 2 });
    const image = await readFile(join(images, 'blue', '40.png'));
    const { label, confidence } = await runner.run({ variant: name, input: { image } });
    expect(label).toBe('blue');
    expect(confidence).toBeGreaterThan(0.2);
    expect(confidence).toBeLessThanOrEqual(1);
  });

  it('believes a flag before the graph', async () => {
    const into = { directory: join(directory, 'kinds') };
    const kindOf = async (outputKind?: 'logits') =>
      (await importing('quantised-softmax', { ...into, outputKind })).variant.output.kind;
    expect([await kindOf(), await kindOf('logits')]).toEqual(['probabilities', 'logits']);
  });

  it('takes weights in another file along, and serves them from another folder', async () => {
    const into = { directory: join(directory, 'weights') };
    const { variant } = await importing('external-data', into);
    expect(variant).toMatchObject({ file: 'external-data/external-data.onnx', data: ['weights.bin'] });
    // One of the same names beside it, and one that is called like the family's pictures.
    await importing('external-data', { ...into, name: 'twin' });
    const samples = await importing('external-data', { ...into, name: 'samples' });
    expect(samples.variant.file).toMatch(/^samples-[0-9a-f]{8}\/samples\.onnx$/);
    const moved = join(directory, 'moved');
    await rename(into.directory, moved);
    const family = await loadFamily(moved);
    await using runner = await startRunner({ family });
    const image = await readFile(join(images, 'red', '40.png'));
    for (const name of ['external-data', 'twin'])
      expect((await runner.run({ variant: name, input: { image } })).label).toBe('red');
    await writeFile(join(moved, 'twin/weights.bin'), new Uint8Array(36));
    expect(await verifyChecksums(family)).toEqual([
      { name: 'external-data', matches: true },
      { name: 'twin', matches: false },
      { name: 'samples', matches: true },
    ]);
    await rm(join(moved, 'twin/weights.bin'));
    await expect(loadFamily(moved)).rejects.toThrow(/twin\/weights\.bin/);
  });

  it('keeps labelled pictures of all classes, copied or linked, and adds to those that are there', async () => {
    const into = { directory: join(directory, 'samples') };
    const samplesOf = async () => loadSamples(await loadFamily(into.directory));
    const first = await importing('colours-nhwc-uint8', { ...into, keep: { most: 3, mostBytes: 4_000_000 } });
    expect(first.samples).toEqual({ added: 3, total: 3 });
    expect((await samplesOf()).map(({ label }) => label).sort()).toEqual(['blue', 'green', 'red']);

    // No larger than an agent takes.
    const small = await importing('colours-nhwc-uint8', { ...into, keep: { most: 6, mostBytes: 10 } });
    expect(small.samples).toEqual({ added: 0, total: 3 });
    const keep = { most: 5, mostBytes: 4_000_000, link: true };
    expect((await importing('colours-nhwc-uint8', { ...into, keep })).samples).toEqual({
      added: 2,
      total: 5,
    });
    const samples = await samplesOf();
    const links = await Promise.all(samples.map(async ({ path }) => (await lstat(path)).isSymbolicLink()));
    expect(links).toEqual([false, false, false, true, true]);
    for (const { path, label } of samples) expect(await realpath(path)).toMatch(label);
  });

  it("takes the family's labels when none are given, in its order", async () => {
    const into = { directory: join(directory, 'order') };
    await importing('colours-nhwc-uint8', into);
    const { labels, variant } = await importing('half-floats', { ...into, labels: undefined });
    expect(labels).toEqual(['red', 'green', 'blue']);
    expect(variant.accuracy.top1).toBe(1);
    const other = importing('half-floats', { ...into, labels: ['red', 'blue', 'green'] });
    await expect(other).rejects.toThrow(/number 2 is green there and blue here/);
  });

  it('lets imports into one family all arrive', async () => {
    const into = { directory: join(directory, 'parallel') };
    const waited: string[] = [];
    const names = ['a', 'b', 'c'];
    await Promise.all(
      names.map((name) =>
        importing('colours-nhwc-uint8', { ...into, name, onWait: () => waited.push(name) }),
      ),
    );
    const { variants } = await loadFamily(into.directory);
    expect(variants.map(({ name }) => name).sort()).toEqual(names);
    expect(waited.length).toBeGreaterThanOrEqual(2);
  });

  it('replaces a variant by another of its name, and keeps the old files for a day: processes may load them', async () => {
    const into = { directory: join(directory, 'replaced'), name: 'mine' };
    const clock = new FakeClock();
    await importing('external-data', { ...into, clock });
    const { variant } = await importing('half-floats', { ...into, clock });
    expect(variant.file).toBe('mine.onnx');
    const again = await importing('relative', { ...into, clock });
    expect(again.variant.file).toMatch(/^mine-[0-9a-f]{8}\.onnx$/);
    const expected = ['.import.lock', 'manifest.json', again.variant.file, 'samples'].sort();
    const kept = await readdir(into.directory);
    expect(kept.sort()).toEqual([...expected, 'mine', 'mine.onnx'].sort());
    clock.advance(24 * 3_600_000);
    await importing('relative', { ...into, clock });
    const left = await readdir(into.directory);
    expect(left.sort()).toEqual(expected);
    expect(await verifyChecksums(await loadFamily(into.directory))).toEqual([
      { name: 'mine', matches: true },
    ]);
  });

  it('brings a variant in as a canary, and refuses one before it measures', async () => {
    const into = { directory: join(directory, 'canary') };
    const tasks = new Set<string>();
    const onProgress = ({ task }: { task: string }) => tasks.add(task);
    const canary = { share: 0.05, of: 'none' };
    await importing('colours-nhwc-uint8', { ...into, name: 'old' });
    const refused = importing('half-floats', { ...into, name: 'new', canary, onProgress });
    await expect(refused).rejects.toThrow(/none is not in service/);
    expect([...tasks]).toEqual(['pictures']);
    await importing('half-floats', { ...into, name: 'new', canary: { share: 0.05 } });
    const { variants } = await loadFamily(into.directory);
    expect(variants.map(({ name, stage }) => [name, stage])).toEqual([
      ['old', undefined],
      ['new', { kind: 'canary', of: 'old', share: 0.05 }],
    ]);
  });

  it('leaves the family as it was when it is stopped, or when the folder takes nothing more', async () => {
    const into = { directory: join(directory, 'kept') };
    await importing('colours-nhwc-uint8', { ...into, keep: { most: 0, mostBytes: 0 } });
    const before = await readFile(join(into.directory, 'manifest.json'), 'utf8');

    const stop = new AbortController();
    const onProgress = ({ task }: { task: string }) => void (task === 'latency' && stop.abort());
    const stopped = importing('half-floats', { ...into, onProgress, signal: stop.signal });
    await expect(stopped).rejects.toThrow(/abort/i);
    await writeFile(join(into.directory, 'samples'), 'in the way of the folder');
    await expect(importing('half-floats', into)).rejects.toThrow(/cannot be written to.*as it was/);

    expect(await readFile(join(into.directory, 'manifest.json'), 'utf8')).toBe(before);
    const left = await readdir(into.directory);
    expect(left.sort()).toEqual(['.import.lock', 'colours-nhwc-uint8.onnx', 'manifest.json', 'samples']);
    expect((await verifyChecksums(await loadFamily(into.directory))).every(({ matches }) => matches)).toBe(
      true,
    );
  });

  it('refuses a family that lacks its other models, before it measures', async () => {
    const into = { directory: join(directory, 'lacking') };
    await importing('half-floats', into);
    await rm(join(into.directory, 'half-floats.onnx'));
    const tasks = new Set<string>();
    const onProgress = ({ task }: { task: string }) => tasks.add(task);
    await expect(importing('relative', { ...into, onProgress })).rejects.toThrow(
      /not beside it: half-floats/,
    );
    expect([...tasks]).toEqual(['pictures']);
    expect((await importing('half-floats', into)).variant.file).toBe('half-floats.onnx');
  });

  it('clears away what a killed import has left', async () => {
    const into = { directory: join(directory, 'killed') };
    await mkdir(join(into.directory, '.import-abc'), { recursive: true });
    await writeFile(join(into.directory, '.import-abc', 'half.onnx'), 'half');
    await importing('colours-nhwc-uint8', into);
    expect(await readdir(into.directory)).not.toContain('.import-abc');
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
