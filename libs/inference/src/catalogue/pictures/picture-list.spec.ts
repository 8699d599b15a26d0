import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { picturesInList } from './picture-list.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weir-list-'));
  await mkdir(join(directory, 'cafe\u0301'));
  for (const name of ['a.png', 'b, "c".png', 'cafe\u0301/d.png']) await writeFile(join(directory, name), '');
});
afterAll(() => rm(directory, { recursive: true }));

async function read(text: string | Uint8Array) {
  const list = join(directory, 'list.csv');
  await writeFile(list, text);
  const { pictures, faults } = await picturesInList(list);
  const shown = pictures.map(({ path, label, origin }) => [path.slice(directory.length + 1), label, origin]);
  return { shown, pictures, faults };
}

describe('picturesInList', () => {
  it.each([
    ['quoted cells', '"a.png","x, y"\n"b, ""c"".png",z\n', 1],
    ['a header', 'file,label\na.png,"x, y"\n"b, ""c"".png",z\n', 2],
    [
      'a byte order mark and Windows line ends',
      '\ufeffFile,Label\r\na.png,"x, y"\r\n"b, ""c"".png",z\r\n',
      2,
    ],
    ['both line ends', 'a.png,"x, y"\r\n"b, ""c"".png",z\n', 1],
    ['spaces around cells', ' a.png , "x, y" \n"b, ""c"".png", z', 1],
  ])('takes %s', async (_, text, first) => {
    const { shown, faults } = await read(text);
    expect(faults).toEqual([]);
    expect(shown).toEqual([
      ['a.png', 'x, y', `list.csv:${first}`],
      ['b, "c".png', 'z', `list.csv:${first + 1}`],
    ]);
  });

  it('takes absolute paths, and names in another composition than the disk has', async () => {
    const { shown } = await read(`${join(directory, 'a.png')},x\ncaf\u00e9/d.png,e\u0301\n`);
    expect(shown).toEqual([
      ['a.png', 'x', 'list.csv:1'],
      ['cafe\u0301/d.png', '\u00e9', 'list.csv:2'],
    ]);
  });

  it('names every line at fault, past empty ones and line breaks in cells', async () => {
    const { shown, faults } = await read(
      'a.png,"two\nlines"\n\nno label\na.png,x,y\nnone.png,x\na.png,\na.png,x\n',
    );
    expect(shown).toEqual([
      ['a.png', 'two\nlines', 'list.csv:2'],
      ['a.png', 'x', 'list.csv:8'],
    ]);
    expect(faults).toEqual([
      { field: 'list.csv:4', description: 'expected FILE,LABEL' },
      { field: 'list.csv:5', description: 'expected FILE,LABEL' },
      { field: 'list.csv:6', description: 'there is no file none.png' },
      { field: 'list.csv:7', description: 'expected FILE,LABEL' },
    ]);
  });

  it('says what is no CSV and what is no text', async () => {
    await expect(read('a.png,x\n"a.png,x\n')).rejects.toThrow(/list\.csv:\d: is no CSV/);
    await expect(read(Uint8Array.of(0xff, 0xfe, 0x61, 0x00))).rejects.toThrow(/not UTF-8/);
  });
});
