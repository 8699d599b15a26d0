import { ConfigError } from '@weir/base';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeNewFile } from './write-new-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-new-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function* chunks(...texts: string[]) {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}
const content = (path: string) => Promise.resolve(readFileSync(path, 'utf8'));

describe('a new file', () => {
  it('has its name once it is whole and checked, for its owner alone', async () => {
    const path = join(folder, 'new');
    const written = writeNewFile('weir test', path, chunks('a', 'bc'), { replace: false, check: content });
    expect(await written).toEqual({ bytes: 3, value: 'abc' });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['new']);
  });

  it('takes the place of another one only when told to', async () => {
    const path = join(folder, 'new');
    let asked = false;
    const asking = (async function* () {
      asked = true;
      yield* chunks('x');
    })();
    await expect(writeNewFile('weir test', path, asking, { replace: false, check: content })).rejects.toThrow(
      ConfigError,
    );
    expect(asked).toBe(false);
    await writeNewFile('weir test', path, chunks('x'), { replace: true, check: content });
    expect(readFileSync(path, 'utf8')).toBe('x');
  });

  it.each([
    [
      'one in a folder that is missing',
      join(folder, 'missing/new'),
      /missing\/new cannot be written: ENOENT/,
    ],
    ['one with a name too long', join(folder, 'n'.repeat(300)), /cannot be written: ENAMETOOLONG/],
    ['one below a file', '/dev/null/new', /cannot be written: ENOTDIR/],
    ['a folder', folder, /is no file that can be replaced/],
    ['a device', '/dev/null', /is no file that can be replaced/],
  ])('is refused for %s, also with --force', async (_what, path, message) => {
    for (const replace of [false, true]) {
      const refused = writeNewFile('weir test', path, chunks('a'), { replace, check: content });
      await expect(refused).rejects.toBeInstanceOf(ConfigError);
      await expect(refused).rejects.toThrow(message);
    }
  });

  it('is none where the stream breaks off, the check fails, or another one has come meanwhile', async () => {
    const broken = (async function* () {
      yield* chunks('a');
      throw new Error('the connection is lost');
    })();
    const path = join(folder, 'broken');
    await expect(writeNewFile('weir test', path, broken, { replace: false, check: content })).rejects.toThrow(
      /lost/,
    );
    const check = () => Promise.reject(new Error('is damaged'));
    await expect(writeNewFile('weir test', path, chunks('a'), { replace: true, check })).rejects.toThrow(
      /damaged/,
    );
    const other = async () => writeFileSync(path, 'theirs');
    await expect(
      writeNewFile('weir test', path, chunks('a'), { replace: false, check: other }),
    ).rejects.toThrow(ConfigError);
    expect(readFileSync(path, 'utf8')).toBe('theirs');
    expect(readdirSync(folder).sort()).toEqual(['broken', 'new']);
  });
});
