import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  canaryStage,
  changeStages,
  pinning,
  promotion,
  retirement,
  type StageChange,
} from './change-stages.ts';
import { parseManifest } from './manifest.ts';
import type { Stage } from './stages.ts';

const entry = (name: string, stage?: Stage) => ({
  name,
  file: `${name}.onnx`,
  architecture: name,
  precision: 'fp32',
  bytes: 3,
  sha256: 'a'.repeat(64),
  task: 'tensor' as const,
  inputs: [{ name: 'x', dtype: 'float32', shape: [1] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: [1] }],
  accuracy: { declared: 0.5, measure: 'some' },
  ...(stage && { stage }),
});
const canary: Stage = { kind: 'canary', of: 'old', share: 0.05 };
const family = (pinned: string | undefined, ...variants: ReturnType<typeof entry>[]) => ({
  manifestVersion: 1,
  family: 'f',
  labels: [],
  variants,
  pinned,
});
const trial = family(undefined, entry('old'), entry('other'), entry('new', canary));

let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'weir-stages-'))));
afterEach(() => rm(directory, { recursive: true }));

const given = (manifest: object) => writeFile(join(directory, 'manifest.json'), JSON.stringify(manifest));
const changed = async (manifest: object, change: StageChange) => {
  await given(manifest);
  const { variants, pinned } = await changeStages(directory, change);
  const stages = Object.fromEntries(variants.map(({ name, stage }) => [name, stage?.kind ?? 'in service']));
  return { ...stages, ...(pinned !== undefined && { pinned }) };
};

describe('changeStages', () => {
  it('promotes a canary, and retires the variant that it stood in for unless that is kept', async () => {
    expect(await changed(trial, promotion('new'))).toEqual({
      old: 'retired',
      other: 'in service',
      new: 'in service',
    });
    expect(await changed(trial, promotion('new', { keep: true }))).toMatchObject({ old: 'in service' });
    const pinned = { ...trial, pinned: 'old' };
    expect(await changed(pinned, promotion('new'))).toMatchObject({ old: 'retired', pinned: 'new' });
    const back = family(undefined, entry('old', { kind: 'retired' }), entry('new'));
    expect(await changed(back, promotion('old'))).toEqual({ old: 'in service', new: 'in service' });
    await expect(changed(trial, promotion('other'))).rejects.toThrow(/in service already/);
  });

  it('retires a variant, or rolls a canary back, but never what others depend on', async () => {
    expect(await changed(trial, retirement('new'))).toMatchObject({ new: 'retired', old: 'in service' });
    expect(await changed(trial, retirement('other'))).toMatchObject({ other: 'retired' });
    await expect(changed(trial, retirement('old'))).rejects.toThrow(/new stands in for old.*promote new/);
    await expect(changed({ ...trial, pinned: 'other' }, retirement('other'))).rejects.toThrow(/pin --none/);
    const last = family(undefined, entry('old'), entry('gone', { kind: 'retired' }));
    await expect(changed(last, retirement('old'))).rejects.toThrow(/the last variant in service/);
    await expect(changed(last, retirement('gone'))).rejects.toThrow(/retired already/);
    await expect(changed(last, retirement('none'))).rejects.toThrow(/no variant none; there are old, gone/);
  });

  it('pins a variant in service until it is told otherwise', async () => {
    expect(await changed(trial, pinning('old'))).toMatchObject({ pinned: 'old' });
    expect(await changed({ ...trial, pinned: 'old' }, pinning(undefined))).not.toHaveProperty('pinned');
    await expect(changed(trial, pinning('new'))).rejects.toThrow(/new is a canary.*promote new/);
    await expect(changed(trial, pinning(undefined))).rejects.toThrow(/no variant is pinned/);
  });

  it('keeps what it does not know of, and leaves no trace when it is refused', async () => {
    await given({ ...trial, note: 'mine' });
    await changeStages(directory, retirement('new'));
    const before = await readFile(join(directory, 'manifest.json'), 'utf8');
    expect(JSON.parse(before)).toHaveProperty('note', 'mine');
    await expect(changeStages(directory, retirement('new'))).rejects.toThrow();
    expect(await readFile(join(directory, 'manifest.json'), 'utf8')).toBe(before);
    expect((await readdir(directory)).sort()).toEqual(['.import.lock', 'manifest.json']);
    const nowhere = join(directory, 'nowhere');
    await expect(changeStages(nowhere, pinning('old'))).rejects.toThrow(/no model family/);
    expect(await readdir(directory)).not.toContain('nowhere');
  });
});

describe('canaryStage', () => {
  const known = trial.variants.slice(0, 2);
  it('stands in for the variant that is named, or for the only one in service', () => {
    expect(canaryStage({ share: 0.05, of: 'old' }, { name: 'new', known })).toEqual(canary);
    expect(canaryStage({ share: 0.05 }, { name: 'new', known: known.slice(0, 1) })).toEqual(canary);
  });

  it.each([
    [{ share: 0 }, 'new', /between 0 and 1/],
    [{ share: 1 }, 'new', /between 0 and 1/],
    [{ share: 0.1 }, 'new', /one of old, other/],
    [{ share: 0.1, of: 'none' }, 'new', /none is not in service: name one of old, other/],
    [{ share: 0.1, of: 'new' }, 'new', /canary of itself/],
    [{ share: 0.1, of: 'old' }, 'other', /has a variant other already/],
  ])('refuses %j as %s', (wish, name, fault) => {
    expect(() => canaryStage(wish, { name, known })).toThrow(fault);
  });

  it('refuses a second canary of one variant', () => {
    const wish = { share: 0.1, of: 'old' };
    expect(() => canaryStage(wish, { name: 'newer', known: trial.variants })).toThrow(
      /new stands in for old/,
    );
  });
});

describe('parseManifest', () => {
  const faultsOf = (manifest: object) => () => parseManifest(JSON.stringify(manifest));
  it.each([
    [family(undefined, entry('old'), entry('new', { ...canary, of: 'none' })), /cannot stand in for none/],
    [family(undefined, entry('old'), entry('new', { ...canary, of: 'new' })), /cannot stand in for new/],
    [family(undefined, entry('old'), entry('a', canary), entry('b', canary)), /a stands in for old already/],
    [family(undefined, entry('old', { kind: 'retired' })), /none is in service/],
    [family('new', entry('old'), entry('new', canary)), /new is not in service/],
    [family(undefined, entry('old'), entry('new', { ...canary, share: 1 })), /stage/],
  ])('refuses stages that do not go together: %#', (manifest, fault) => {
    expect(faultsOf(manifest)).toThrow(fault);
  });
});
