import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { LabelledFile } from './labelled-pictures.ts';
import { loadFamily } from './manifest.ts';
import { chooseSamples, loadSamples } from './samples.ts';

const folders: string[] = [];
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weir-samples-'));
  folders.push(directory);
  await mkdir(join(directory, 'samples'));
});
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

const labels = ['a', 'caf\u00e9'];
const write = (list: unknown) =>
  writeFile(join(directory, 'samples/labels.json'), typeof list === 'string' ? list : JSON.stringify(list));

describe('loadSamples', () => {
  it('gives the shipped scenes with their labels and difficulty', async () => {
    const family = await loadFamily();
    const samples = await loadSamples(family);
    expect(samples).toHaveLength(400);
    for (const { label, classIndex, targetPx, noise } of samples) {
      expect(family.labels[classIndex]).toBe(label);
      expect(targetPx).toBeGreaterThanOrEqual(28);
      expect(noise).toBeLessThanOrEqual(0.04);
    }
  });

  it("takes files and labels alone, and gives the label as the family's", async () => {
    await writeFile(join(directory, 'samples/1.png'), '');
    await write([{ file: '1.png', label: 'cafe\u0301' }]);
    expect(await loadSamples({ directory, labels })).toMatchObject([{ label: 'caf\u00e9', classIndex: 1 }]);
  });

  it('gives none for a family without samples', async () => {
    expect(await loadSamples({ directory, labels })).toEqual([]);
  });

  it('names every entry at fault, a hundred of them', async () => {
    await write([{ file: 'none.png', label: 'b' }]);
    const absent = loadSamples({ directory, labels });
    await expect(absent).rejects.toThrow(
      /entry 1: b is not a label of the family.*entry 1: there is no file none/,
    );
    await write([{ file: '1.png' }, 7, { file: 1, label: 'a' }]);
    const malformed = loadSamples({ directory, labels });
    await expect(malformed).rejects.toThrow(/entry 1: .*label; .*entry 2: .*; .*entry 3: .*file/);
    await write(Array.from({ length: 3_335 }, () => ({})));
    await expect(loadSamples({ directory, labels })).rejects.toThrow(/entry 100: .*and 3235 faults more$/);
    await write('[{');
    await expect(loadSamples({ directory, labels })).rejects.toThrow(/labels\.json: is not JSON/);
    await write({});
    await expect(loadSamples({ directory, labels })).rejects.toThrow(/expected a list/);
  });
});

describe('chooseSamples', () => {
  async function picturesOf(counts: readonly number[]): Promise<readonly LabelledFile[]> {
    const each = counts.flatMap((count, classIndex) =>
      Array.from({ length: count }, (_, n) => ({ classIndex, n })),
    );
    return Promise.all(
      each.map(async ({ classIndex, n }) => {
        const path = join(directory, `${classIndex}-${n}.JPG`);
        await writeFile(path, path);
        return {
          path,
          origin: path,
          label: labels[classIndex]!,
          classIndex,
          load: () => ({ image: new Uint8Array() }),
        };
      }),
    );
  }
  const choose = async (pictures: readonly LabelledFile[], most: number) =>
    chooseSamples(pictures, { known: [], directory, most, mostBytes: 1_000 });

  it('keeps of each class its share', async () => {
    const chosen = await choose(await picturesOf([30, 10]), 8);
    expect(chosen.map(({ entry }) => entry.label)).toEqual([
      ...'aaaaaa',
      ...Array<string>(2).fill('caf\u00e9'),
    ]);
    expect(new Set(chosen.map(({ entry }) => entry.file)).size).toBe(8);
    expect(chosen.at(-1)!.entry.file).toMatch(/^caf--[0-9a-f]{12}\.jpg$/);
  });

  it('keeps no picture twice, however often the data set has it', async () => {
    const [first, second] = await picturesOf([2, 0]);
    expect(await choose([first!, first!, second!, first!], 3)).toHaveLength(2);
    // Nor one that is there under another name.
    await cp(first!.path, join(directory, 'samples/own.jpg'));
    const known = [{ file: 'own.jpg', label: 'a' }];
    const chosen = await chooseSamples([first!, second!], { known, directory, most: 3, mostBytes: 1_000 });
    expect(chosen.map(({ picture }) => picture)).toEqual([second]);
  });
});
