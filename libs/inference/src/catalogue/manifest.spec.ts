import { FailedPrecondition, InvalidInput, NotFound } from '@weir/base';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  embeddedFamilyDirectory,
  familyOf,
  expectedAccuracy,
  loadFamily,
  parseManifest,
  variantNamed,
  verifyChecksums,
} from './manifest.ts';

let directory: string;
beforeAll(async () => (directory = await mkdtemp(join(tmpdir(), 'weir-manifest-'))));
afterAll(() => rm(directory, { recursive: true }));

const entry = {
  name: 'tiny',
  file: 'tiny.onnx',
  architecture: 'tiny',
  precision: 'fp32',
  bytes: 3,
  sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  input: {
    name: 'x',
    layout: 'NHWC',
    shape: [1, 4, 4, 3],
    dynamicBatch: false,
    dtype: 'uint8',
    colourOrder: 'RGB',
    mean: [0],
    std: [1],
  },
  output: { name: 'y', kind: 'logits' },
  accuracy: { top1: 0.5, n: 10, interval95: [0.2, 0.8] },
  calibration: { temperature: 1 },
};
const manifest = { manifestVersion: 1, family: 'tiny', labels: ['a', 'b'], variants: [entry] };

describe('loadFamily', () => {
  it('loads the embedded family, whose files match their checksums', async () => {
    const family = await loadFamily();
    expect(family.directory).toBe(embeddedFamilyDirectory);
    expect(family.labels).toHaveLength(10);
    expect(await verifyChecksums(family)).toEqual(
      family.variants.map(({ name }) => ({ name, matches: true })),
    );
  });

  it('says where it looked when there is no manifest', async () => {
    await expect(loadFamily(join(directory, 'none'))).rejects.toThrow(NotFound);
  });

  it('names the model files that are missing, then loads when they are there, then sees a change', async () => {
    await writeFile(join(directory, 'manifest.json'), JSON.stringify(manifest));
    await expect(loadFamily(directory)).rejects.toThrow(FailedPrecondition);
    await expect(loadFamily(directory)).rejects.toThrow(/tiny\.onnx/);

    await writeFile(join(directory, 'tiny.onnx'), 'abc');
    const family = await loadFamily(join(directory, 'manifest.json'));
    expect(await verifyChecksums(family)).toEqual([{ name: 'tiny', matches: true }]);
    await writeFile(join(directory, 'tiny.onnx'), 'abd');
    expect(await verifyChecksums(family)).toEqual([{ name: 'tiny', matches: false }]);
  });
});

describe('what a family says about second looks', () => {
  const step = { marginBelow: 0.5, share: 0.3, gain: 0.02, standardError: 0.002 };
  const looks = { pictures: 900, curves: [{ first: 'tiny', second: 'large', steps: [step] }] };
  const withLooks = async (variants: readonly object[], told: object | undefined = looks) =>
    familyOf(
      parseManifest(JSON.stringify({ ...manifest, variants, looks: told })),
      join(directory, 'manifest.json'),
    );

  it('comes with a version, or is absent in a family that was not measured', async () => {
    await writeFile(join(directory, 'tiny.onnx'), 'abc');
    const large = { ...entry, name: 'large' };
    expect((await withLooks([entry, large])).looks).toEqual({
      ...looks,
      version: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    });
    expect(
      (await familyOf(parseManifest(JSON.stringify(manifest)), join(directory, 'manifest.json'))).looks,
    ).toBe(undefined);
  });

  it('comes with the embedded family: a quarter of the frames buys what the largest variant can', async () => {
    const { looks, variants } = await loadFamily();
    const named = (name: string) => variants.find((variant) => variant.name === `mobilenet-v1-${name}`)!;
    const [small, large] = [named('0.50-int8'), named('1.00-int8')];
    const curve = looks!.curves.find(({ first, second }) => first === small.name && second === large.name)!;
    const quarter = curve.steps.findLast(({ share }) => share <= 0.25)!;
    const difference = expectedAccuracy(large) - expectedAccuracy(small);
    expect(Math.abs(quarter.gain - difference)).toBeLessThan(2 * quarter.standardError);
  });

  it('is not about variants whose entries were removed', async () => {
    await writeFile(join(directory, 'tiny.onnx'), 'abc');
    expect((await withLooks([entry])).looks).toMatchObject({ pictures: 900, curves: [] });
  });

  it('is refused, with its place, when it cannot be', async () => {
    const steps = [{ ...step, share: 3 }];
    const impossible = { ...looks, curves: [{ ...looks.curves[0]!, steps }] };
    await expect(withLooks([entry], impossible)).rejects.toThrow(InvalidInput);
    await expect(withLooks([entry], impossible)).rejects.toThrow(/looks\.curves\.0\.steps\.0\.share/);
  });
});

describe('parseManifest', () => {
  it('reports every fault with its place', () => {
    const broken = { ...manifest, labels: ['only one'], variants: [{ ...entry, bytes: -1 }] };
    expect(() => parseManifest(JSON.stringify(broken))).toThrow(InvalidInput);
    expect(() => parseManifest(JSON.stringify(broken))).toThrow(/labels.*variants\.0\.bytes/s);
  });

  it.each([
    ['no JSON', '{'],
    [
      'a file outside its folder',
      JSON.stringify({ ...manifest, variants: [{ ...entry, file: '../x.onnx' }] }),
    ],
    ['one name for two variants', JSON.stringify({ ...manifest, variants: [entry, entry] })],
  ])('refuses %s', (_, text) => {
    expect(() => parseManifest(text)).toThrow(InvalidInput);
  });

  it('accepts the embedded manifest', async () => {
    const text = await readFile(join(embeddedFamilyDirectory, 'manifest.json'), 'utf8');
    expect(parseManifest(text).manifestVersion).toBe(1);
  });
});

describe('variantNamed', () => {
  it('names what there is when asked for what there is not', async () => {
    const family = await loadFamily();
    expect(() => variantNamed(family, 'resnet')).toThrow(/mobilenet-v1-0\.25-int8/);
  });
});
