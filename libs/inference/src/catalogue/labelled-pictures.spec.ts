import { InvalidInput, NotFound } from '@weir/base';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLabelledPictures } from './labelled-pictures.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weir-pictures-'));
  for (const [label, file] of [
    ['coat', 'a.png'],
    ['bag', 'b.JPG'],
    ['bag', 'notes.txt'],
  ] as const) {
    await mkdir(join(directory, label), { recursive: true });
    await writeFile(join(directory, label, file), '');
  }
});
afterAll(() => rm(directory, { recursive: true }));

describe('readLabelledPictures', () => {
  it('takes a class from each folder, and pictures only', async () => {
    const { labels, pictures } = await readLabelledPictures(directory);
    expect(labels).toEqual(['bag', 'coat']);
    expect(pictures.map(({ classIndex }) => classIndex)).toEqual([0, 1]);
  });

  it('names the faulty lines of a CSV', async () => {
    const csv = join(directory, 'list.csv');
    await writeFile(csv, 'file,label\ncoat/a.png,coat\nno label\ncoat/a.png,hat\n');
    const refused = readLabelledPictures(csv, ['coat']);
    await expect(refused).rejects.toThrow(/list\.csv:3: expected FILE,LABEL; list\.csv:4: hat is not among/);
  });

  it('refuses what is empty, unknown or absent', async () => {
    await expect(readLabelledPictures(join(directory, 'coat'))).rejects.toThrow(InvalidInput);
    await expect(readLabelledPictures(directory, ['coat'])).rejects.toThrow(
      /class folder bag is not among the labels/,
    );
    await expect(readLabelledPictures(join(directory, 'none'))).rejects.toThrow(NotFound);
  });
});
