import { InvalidInput } from '@weir/base';
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importTensorModel, type TensorImportOptions } from './import-tensor-model.ts';
import {
  embeddedFamilyDirectory,
  expectedAccuracy,
  loadFamily,
  parseManifest,
  verifyChecksums,
} from './manifest.ts';
import { zeroInput } from '../serving/inference-input.ts';
import { startRunner } from '../serving/runner.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/${name}.onnx`, import.meta.url));

let root: string;
beforeAll(async () => (root = await mkdtemp(join(tmpdir(), 'weir-tensors-'))));
afterAll(() => rm(root, { recursive: true }));
const into = (name: string) => join(root, name);

const importing = (name: string, directory: string, options: Partial<TensorImportOptions> = {}) =>
  importTensorModel({
    model: fixture(name),
    directory: into(directory),
    accuracy: 0.372,
    measure: 'mAP 50-95',
    shapes: new Map([['images', [1, 3, 64, 64]]]),
    runs: 3,
    ...options,
  });
const faultsOf = async (promise: Promise<unknown>) => {
  const error = await promise.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(InvalidInput);
  return (error as InvalidInput).violations;
};

describe('importTensorModel', () => {
  it('makes a family of detectors that can be served', async () => {
    const { variant, p50Ms, p95Ms } = await importing('detector-8', 'detectors', { accuracy: 0.31 });
    expect(variant).toMatchObject({
      task: 'tensor',
      inputs: [
        { name: 'images', dtype: 'float32', shape: [-1, 3, -1, -1], example: [1, 3, 64, 64] },
        { name: 'threshold', dtype: 'float32', shape: [1] },
      ],
      outputs: [{ name: 'boxes' }, { name: 'scores' }, { name: 'kept', dtype: 'int64', shape: [-1, 3] }],
      accuracy: { declared: 0.31, measure: 'mAP 50-95' },
      opset: 13,
    });
    expect(p50Ms).toBeLessThanOrEqual(p95Ms);
    await importing('detector-16', 'detectors');

    const family = await loadFamily(into('detectors'));
    expect(family.labels).toEqual([]);
    expect(family.variants.map(expectedAccuracy)).toEqual([0.31, 0.372]);
    expect((await verifyChecksums(family)).map(({ matches }) => matches)).toEqual([true, true]);
    await using runner = await startRunner({ family, dilation: { factor: 1 } });
    for (const each of runner.variants)
      expect((await runner.run({ variant: each.name, input: zeroInput(each) })).outputs).toHaveLength(3);
    expect((await readdir(into('detectors'))).sort()).toEqual([
      '.import.lock',
      'detector-16.onnx',
      'detector-8.onnx',
      'manifest.json',
    ]);
  });

  it.each<[string, string, RegExp, Partial<TensorImportOptions>]>([
    ['a shape that is left open', 'shape', /images=1x3x1x1/, { shapes: new Map() }],
    ['a shape that is none', 'shape', /\[1, 4, 64, 64\]/, { shapes: new Map([['images', [1, 4, 64, 64]]]) }],
    [
      'a shape on which it fails',
      'model',
      /does not run on zeros/,
      { shapes: new Map([['images', [1, 3, 4, 4]]]) },
    ],
    [
      'a shape of more than a message',
      'model input',
      /at most 8323072/,
      { shapes: new Map([['images', [1, 3, 1_024, 1_024]]]) },
    ],
  ])('refuses %s, and writes nothing', async (_, field, description, options) => {
    expect(await faultsOf(importing('detector-8', 'refused', options))).toEqual([
      { field, description: expect.stringMatching(description) as string },
    ]);
    await expect(loadFamily(into('refused'))).rejects.toThrow(/no model family/);
  });

  it('lets imports into one family all arrive', async () => {
    const names = ['first', 'second', 'third'];
    await Promise.all(names.map((name) => importing('detector-8', 'together', { name })));
    const { variants } = await loadFamily(into('together'));
    expect(variants.map(({ name }) => name).sort()).toEqual(names);
  });

  it('replaces a variant by another of its name, and keeps the old file meanwhile', async () => {
    const { variant: old } = await importing('detector-8', 'replaced', { name: 'detector' });
    const { variant } = await importing('detector-16', 'replaced', { name: 'detector' });
    expect((await readdir(into('replaced'))).sort()).toEqual(
      ['.import.lock', 'manifest.json', old.file, variant.file].sort(),
    );
    expect(await verifyChecksums(await loadFamily(into('replaced')))).toEqual([
      { name: 'detector', matches: true },
    ]);
  });

  it('leaves the family as it was when it is stopped', async () => {
    await importing('detector-8', 'stopped');
    const stop = new AbortController();
    const onProgress = () => stop.abort();
    await expect(
      importing('detector-16', 'stopped', { onProgress, signal: stop.signal }),
    ).rejects.toMatchObject({ name: 'AbortError' });
    expect((await readdir(into('stopped'))).sort()).toEqual([
      '.import.lock',
      'detector-8.onnx',
      'manifest.json',
    ]);
  });

  it('says that there is no such file', async () => {
    await expect(importing('none', 'refused')).rejects.toThrow(/there is no model at .*none\.onnx/);
  });

  it('takes the files along that hold its weights, and answers by them', async () => {
    const { variant } = await importing('detector-external', 'external');
    expect(variant).toMatchObject({
      file: 'detector-external/detector-external.onnx',
      data: ['detector-external.bin'],
    });
    await importing('detector-8', 'external');
    const family = await loadFamily(into('external'));
    expect((await verifyChecksums(family)).map(({ matches }) => matches)).toEqual([true, true]);
    await using runner = await startRunner({ family });
    const outputsOf = async (name: string) =>
      (await runner.run({ variant: name, input: zeroInput(variant as never) })).outputs;
    expect(await outputsOf('detector-external')).toEqual(await outputsOf('detector-8'));
  });

  it('refuses a model without the files that hold its weights, naming them', async () => {
    const alone = join(into('alone'), 'detector.onnx');
    await mkdir(into('alone'));
    await copyFile(fixture('detector-external'), alone);
    const [fault] = await faultsOf(importing('detector', 'refused', { model: alone }));
    expect(fault).toMatchObject({
      field: 'model',
      description: expect.stringContaining('detector-external.bin') as string,
    });
  });

  it('names shapes of inputs that there are not', async () => {
    const shapes = new Map([
      ['images', [1, 3, 64, 64]],
      ['x', [1]],
    ]);
    expect(await faultsOf(importing('detector-8', 'refused', { shapes }))).toMatchObject([
      { field: 'shape', description: expect.stringContaining('images, threshold') as string },
    ]);
  });

  it('keeps what takes or gives something else out of a family, classifiers too', async () => {
    const [other] = await faultsOf(importing('two-inputs', 'detectors', { shapes: new Map() }));
    expect(other!.field).toBe('manifest.json: two-inputs.inputs');
    await cp(embeddedFamilyDirectory, into('classifiers'), {
      recursive: true,
      filter: (path) => !path.includes('recipe') && !path.includes('samples'),
    });
    const [task] = await faultsOf(importing('detector-8', 'classifiers'));
    expect(task).toMatchObject({ field: 'manifest.json: detector-8.task' });
    expect((await loadFamily(into('classifiers'))).variants).toHaveLength(8);
  });
});

describe('the manifest of a family of detectors', () => {
  it.each<[string, (manifest: { variants: Record<string, unknown>[] }) => void]>([
    ['variants.0.inputs', ({ variants }) => (variants[0]!.inputs = [])],
    [
      'variants.0.inputs.0.dtype',
      ({ variants }) => (variants[0]!.inputs = [{ name: 'x', dtype: 'bfloat16', shape: [] }]),
    ],
    ['variants.0.accuracy.measure', ({ variants }) => (variants[0]!.accuracy = { declared: 0.1 })],
    [
      'detector-8.inputs.0.example',
      ({ variants }) => ((variants[0]!.inputs as { example: number[] }[])[0]!.example = [1, 3, 64]),
    ],
    [
      'variants.0.outputs',
      ({ variants }) => (variants[0]!.outputs = [1, 2].map(() => ({ name: 'y', dtype: 'int8', shape: [] }))),
    ],
  ])('names %s where it is at fault', async (place, spoil) => {
    const text = await readFile(join(into('detectors'), 'manifest.json'), 'utf8');
    const manifest = JSON.parse(text) as Parameters<typeof spoil>[0];
    manifest.variants = manifest.variants.slice(0, 1);
    spoil(manifest);
    expect(() => parseManifest(JSON.stringify(manifest))).toThrow(`manifest.json: ${place}: `);
  });
});
