import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadGarments } from './garments.ts';
import { type Manifest, embeddedFamilyDirectory, loadFamily } from './manifest.ts';
import { readSampleEntries } from './samples.ts';
import { verifyFamily } from './verify.ts';

const NAMES = ['mobilenet-v1-0.25-fp32', 'mobilenet-v1-0.25-int8'];
const installed = (await loadGarments('test')) !== undefined;

/** The embedded family's two smallest variants, in a folder of their own, changed by `edit`. */
async function familyWith(edit: (manifest: Manifest) => void) {
  const directory = await mkdtemp(join(root, 'family-'));
  const manifest = JSON.parse(
    await readFile(join(embeddedFamilyDirectory, 'manifest.json'), 'utf8'),
  ) as Manifest;
  manifest.variants = manifest.variants.filter(({ name }) => NAMES.includes(name));
  edit(manifest);
  await writeFile(join(directory, 'manifest.json'), JSON.stringify(manifest));
  await cp(join(embeddedFamilyDirectory, 'references.json'), join(directory, 'references.json'));
  for (const name of [...NAMES.map((name) => `${name}.onnx`), 'samples'])
    await symlink(join(embeddedFamilyDirectory, name), join(directory, name));
  return loadFamily(directory);
}

let root: string;
beforeAll(async () => (root = await mkdtemp(join(tmpdir(), 'weir-verify-'))));
afterAll(() => rm(root, { recursive: true }));

describe('verifyFamily', () => {
  it('finds the shipped scenes answered as the recipe measured and as its runtime answered', async () => {
    const told = new Set<string>();
    const verification = await verifyFamily({
      family: await familyWith(() => {}),
      scenes: 0,
      runs: 20,
      onProgress: ({ task }) => told.add(task),
    });
    expect(verification.faults).toEqual([]);
    expect(verification).toMatchObject({ ok: true, pictures: 'samples' });
    expect([...told]).toEqual(expect.arrayContaining(['latency', ...NAMES]));
    for (const { measured, reference, checksumMatches, p50Ms, p95Ms } of verification.variants) {
      expect(measured!.n).toBe(400);
      expect(checksumMatches).toBe(true);
      expect(reference!.agreement).toBeGreaterThanOrEqual(0.995);
      expect(p50Ms).toBeLessThanOrEqual(p95Ms);
    }
    expect(verification.family.worstInt8LossPoints).toBeLessThan(1.5);
  });

  it('names a changed file and an accuracy that cannot be, and says nothing of second looks in a family that does not', async () => {
    const family = await familyWith((manifest) => {
      const { variants } = manifest;
      delete manifest.looks;
      variants[0]!.sha256 = '0'.repeat(64);
      Object.assign(variants[1]!.accuracy, { top1: 0.99 });
    });
    expect(family.looks).toBeUndefined();
    const { ok, looks, faults } = await verifyFamily({ family, scenes: 0, runs: 5 });
    expect(ok).toBe(false);
    expect(looks).toBeUndefined();
    expect([...faults].sort()).toEqual([
      expect.stringMatching(/0\.25-fp32: its files' sha256/),
      expect.stringMatching(/0\.25-int8: top-1 is .* the manifest says 0\.9900/),
    ]);
  });

  const curve = {
    first: 'mobilenet-v1-0.25-int8',
    second: 'mobilenet-v1-0.25-fp32',
    steps: [{ marginBelow: 0.5, share: 0.25, gain: 0.001, standardError: 0.001 }],
  };

  it('holds what second looks are said to buy against its own pictures', async () => {
    const family = await familyWith((manifest) => (manifest.looks = { pictures: 5_000, curves: [curve] }));
    const { ok, looks } = await verifyFamily({ family, scenes: 0, runs: 5 });
    expect(ok).toBe(true);
    expect(looks).toMatchObject({ version: family.looks!.version, faults: [] });
    const [check] = looks!.checks;
    expect(check).toMatchObject({ first: curve.first, second: curve.second, share: 0.25 });
    expect(check!.measuredShare).toBeGreaterThan(0.1);
    expect(check!.measuredShare).toBeLessThan(0.5);
    expect(looks!.worstDeviation).toBe(Math.abs(check!.deviation));
  });

  it('names a curve that promises what is not so', async () => {
    const steps = [{ ...curve.steps[0]!, gain: 0.1 }];
    const curves = [{ ...curve, steps }];
    const family = await familyWith((manifest) => (manifest.looks = { pictures: 5_000, curves }));
    const { ok, faults } = await verifyFamily({ family, scenes: 0, runs: 5 });
    expect(ok).toBe(false);
    expect(faults).toEqual([expect.stringMatching(/0\.25-int8, then .*0\.25-fp32 below a margin of 0\.5: /)]);
  });

  it('scores on pictures that are given, which the recipe has not answered', async () => {
    const family = await familyWith(() => {});
    const { file, label } = (await readSampleEntries(embeddedFamilyDirectory))[0]!;
    const list = join(root, 'list.csv');
    await writeFile(list, `${join(embeddedFamilyDirectory, 'samples', file)},${label}\n`);
    const { pictures, variants } = await verifyFamily({ family, images: list, runs: 5 });
    expect(pictures).toBe('given pictures');
    for (const { measured, reference } of variants) {
      expect(measured!.n).toBe(1);
      expect(reference).toBeUndefined();
    }
    await writeFile(list, `${list},${label}\n`);
    await expect(verifyFamily({ family, images: list, runs: 5 })).rejects.toThrow(/list\.csv:1/);
  });

  it('measures no accuracy without labelled pictures, and says so', async () => {
    const family = await familyWith(() => {});
    await rm(join(family.directory, 'samples'));
    const { ok, pictures, variants } = await verifyFamily({ family, runs: 5 });
    expect({ ok, pictures }).toEqual({ ok: true, pictures: 'none' });
    expect(variants.map(({ measured }) => measured)).toEqual([undefined, undefined]);
  });

  it.skipIf(!installed)('agrees with the reference runtime on a thousand scenes', async () => {
    const family = await familyWith(() => {});
    const { variants, faults, pictures } = await verifyFamily({ family, scenes: 1_000, runs: 5 });
    expect(pictures).toBe('test split');
    expect(faults).toEqual([]);
    for (const { precision, reference } of variants) {
      expect(reference!.n).toBe(1_000);
      expect(reference!.agreement).toBeGreaterThanOrEqual(precision === 'fp32' ? 0.999 : 0.995);
    }
  });
});
