import { FailedPrecondition, NotFound } from '@weir/base';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readStore } from './read-store.ts';
import { openStore } from './sqlite-store.ts';

const directory = mkdtempSync(join(tmpdir(), 'weir-read-store-'));
afterAll(() => rmSync(directory, { recursive: true }));
let files = 0;
const newPath = () => join(directory, `${files++}`, 'policy.db');

const batch = (from: number, count: number) => ({
  cellId: 'c',
  deviceId: 'd',
  instanceId: 'i',
  oldestPending: 0,
  records: Array.from({ length: count }, (_, at) => ({ sequence: from + at, outcome: `{"n":${from + at}}` })),
});
const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

/** What a reader sees of the cell. */
function seen(path: string) {
  using store = readStore(path);
  return { cells: store.cells(), cell: store.load('c'), outcomes: store.read('c', 0, 10_000).length };
}

describe('a store that is only read', () => {
  it('shows what is on disk while its owner goes on, and after it has closed', async () => {
    const path = newPath();
    {
      await using store = await openStore({ path });
      await store.append(batch(1, 500));
      await store.change('c', { objective: '{}', joined: [{ deviceId: 'd', state: '[1]' }] });
      expect(seen(path)).toMatchObject({ cells: ['c'], cell: { objective: '{}' }, outcomes: 500 });
      await store.append(batch(501, 1_500));
      expect(seen(path).outcomes).toBe(2_000);
    }
    expect(seen(path)).toMatchObject({ cell: { members: [{ deviceId: 'd' }] }, outcomes: 2_000 });
  });

  it('stays as it was, and nothing is left behind', async () => {
    const path = newPath();
    await using store = await openStore({ path });
    await store.append(batch(1, 10));
    const before = [digest(path), readdirSync(join(path, '..')).sort()];
    const temporary = () => readdirSync(tmpdir()).filter((name) => name.startsWith('weir-read-')).length;
    const copies = temporary();
    seen(path);
    expect([digest(path), readdirSync(join(path, '..')).sort()]).toEqual(before);
    expect(temporary()).toBe(copies);
  });

  it('is refused where there is none, or another file', () => {
    const path = newPath();
    expect(() => readStore(path)).toThrow(NotFound);
    const other = join(directory, 'other.db');
    writeFileSync(other, 'no database at all, but long enough to be taken for one by its size');
    expect(() => readStore(other)).toThrow(FailedPrecondition);
    expect(() => readStore(other)).toThrow(other);
  });
});
