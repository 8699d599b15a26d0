import { NotFound } from '@weir/base';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_LABEL, readLabels } from './labels.ts';

let directory: string;
beforeAll(async () => (directory = await mkdtemp(join(tmpdir(), 'weir-labels-'))));
afterAll(() => rm(directory, { recursive: true }));

const file = async (content: string | Uint8Array, name = 'labels.txt') => {
  await writeFile(join(directory, name), content);
  return [join(directory, name)];
};

describe('readLabels', () => {
  it('takes them as they are given, trimmed and in NFC', async () => {
    expect(await readLabels(['tabby ', 'e\u0301lan'])).toEqual(['tabby', '\u00e9lan']);
  });

  it.each([
    ['with empty lines at its end', 'tench, Tinca tinca\ngoldfish\n\n \n'],
    ['from Windows, with a byte order mark', '\ufefftench, Tinca tinca\r\ngoldfish\r\n'],
    ['without a last line break', 'tench, Tinca tinca\ngoldfish'],
  ])('takes a file with one a line, %s', async (_, content) => {
    expect(await readLabels(await file(content))).toEqual(['tench, Tinca tinca', 'goldfish']);
  });

  it('finds a file whose name holds a comma', async () => {
    const [path] = await file('a\nb', 'one,two.txt');
    expect(await readLabels(path!.split(','))).toEqual(['a', 'b']);
  });

  it('names every line at fault', async () => {
    const faulty = await file(`a\n\nb\na\n${'x'.repeat(MAX_LABEL + 1)}\n`);
    const error = await readLabels(faulty).catch((refused: unknown) => refused);
    expect(error).toMatchObject({
      violations: [
        { field: 'labels.txt:2', description: 'is empty; expected a label' },
        { field: 'labels.txt:4', description: 'a is also the label of labels.txt:1; labels must differ' },
        { field: 'labels.txt:5', description: expect.stringMatching(/^has 257 characters/) as string },
      ],
    });
  });

  it('refuses one label alone, bytes that are no text, and a file that is not there', async () => {
    await expect(readLabels(await file('a'))).rejects.toThrow(/two or more, got 1/);
    await expect(readLabels(await file(Uint8Array.of(0x61, 0xe9, 0x0a)))).rejects.toThrow(/not UTF-8/);
    await expect(readLabels([join(directory, 'none.txt')])).rejects.toThrow(NotFound);
  });
});
