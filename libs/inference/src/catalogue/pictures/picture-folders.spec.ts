import { NotFound } from '@weir/base';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { picturesInFolders } from './picture-folders.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weir-folders-'));
  for (const name of [
    'cat/1.png',
    'cat/deep/2.JPEG',
    'cat/notes.txt',
    'cat/._1.png',
    'cafe\u0301/3.jpg',
    'dog/.thumbnails/4.png',
    '__MACOSX/cat/1.png',
    '.git/cat/1.png',
    'loose.png',
  ]) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), '');
  }
  await symlink('1.png', join(directory, 'cat/link.png'));
  await symlink('..', join(directory, 'cat/circle'));
  await symlink('nowhere.png', join(directory, 'cat/broken.png'));
  await symlink('cat', join(directory, 'tiger'));
});
afterAll(() => rm(directory, { recursive: true }));

const shown = ({ pictures }: Awaited<ReturnType<typeof picturesInFolders>>) =>
  pictures.map(({ path, label }) => [path.slice(directory.length + 1), label]);

describe('picturesInFolders', () => {
  it('names the class after the first folder, in NFC, and tells what it passes over', async () => {
    const found = await picturesInFolders(directory);
    expect(shown(found)).toEqual([
      ['cafe\u0301/3.jpg', 'caf\u00e9'],
      ['cat/1.png', 'cat'],
      ['cat/deep/2.JPEG', 'cat'],
    ]);
    expect([...found.told].sort()).toEqual([
      'passed over: 1 __MACOSX folders',
      'passed over: 1 files that are neither PNG nor JPEG by name',
      'passed over: 1 pictures in no class folder',
      'passed over: 3 hidden files and folders',
      'passed over: 4 links (--follow-links takes them)',
      'passed over: folders without a picture: dog',
    ]);
  });

  it('follows links when told to, and no circle', async () => {
    const inside = await picturesInFolders(join(directory, 'cat'), { followLinks: true });
    expect(shown(inside)).toEqual([['cat/deep/2.JPEG', 'deep']]);
    const all = await picturesInFolders(directory, { followLinks: true });
    expect(shown(all)).toEqual([
      ['cafe\u0301/3.jpg', 'caf\u00e9'],
      ['cat/1.png', 'cat'],
      ['cat/deep/2.JPEG', 'cat'],
      ['cat/link.png', 'cat'],
      ['tiger/1.png', 'tiger'],
      ['tiger/deep/2.JPEG', 'tiger'],
      ['tiger/link.png', 'tiger'],
    ]);
    expect(all.told.join()).toMatch(/4 links that lead nowhere, or back/);
  });

  it('takes a link to the folder itself, and refuses what is no folder', async () => {
    await symlink(directory, `${directory}-link`);
    expect((await picturesInFolders(`${directory}-link`)).pictures).toHaveLength(3);
    await rm(`${directory}-link`);
    await expect(picturesInFolders(join(directory, 'none'))).rejects.toThrow(NotFound);
  });
});
