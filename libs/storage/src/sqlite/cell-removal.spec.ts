import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import type { Store } from '../store.ts';
import { openStore } from './sqlite-store.ts';

const directory = mkdtempSync(join(tmpdir(), 'weir-removal-'));
afterAll(() => rmSync(directory, { recursive: true }));
let files = 0;
const newPath = () => join(directory, `${files++}`, 'policy.db');

const outcomes = 5_000;
const secret = (cellId: string) => `secret of ${cellId}`;
async function fill(store: Store, cellId: string): Promise<void> {
  const records = Array.from({ length: outcomes }, (_, at) => ({
    sequence: at + 1,
    outcome: `{"n":${at},"text":"${secret(cellId)}"}`,
  }));
  await store.append({ cellId, deviceId: 'd', instanceId: 'i', oldestPending: 0, records });
  const state = JSON.stringify(secret(cellId));
  const version = { learner: 'planner', at: 1, outcomes: 1, why: 'regular', state };
  const joined = [{ deviceId: secret(cellId), state }];
  await store.change(cellId, { objective: state, joined, version, joinedAt: 1_000 });
  await store.change(cellId, { snapshots: [{ learner: 'planner', position: 1, state }] });
}
const isOnDisk = (path: string, text: string) =>
  [path, `${path}-wal`].some((file) => readFileSync(file, { encoding: 'latin1', flag: 'a+' }).includes(text));

describe('a cell that is removed', () => {
  it('is gone at once, leaves no trace on the disk once it is purged, and harms no other', async () => {
    const path = newPath();
    await using store = await openStore({ path });
    for (const cellId of ['east', 'west']) await fill(store, cellId);
    expect(await store.remove('east')).toBe(true);
    expect(await store.cells()).toEqual(['west']);
    expect([await store.load('east'), await store.size('east')]).toEqual([undefined, undefined]);
    expect(await store.remove('east')).toBe(false);
    await store.purge();
    expect(isOnDisk(path, secret('east'))).toBe(false);
    expect(isOnDisk(path, secret('west'))).toBe(true);
    expect(await store.read('west', 0, 10_000)).toHaveLength(outcomes);
  });

  it('may be opened anew before the former one has left the disk', async () => {
    await using store = await openStore({ path: newPath() });
    await fill(store, 'east');
    await store.remove('east');
    const one = { sequence: 1, outcome: '{"new":true}' };
    const batch = { cellId: 'east', deviceId: 'd', instanceId: 'i', oldestPending: 0, records: [one] };
    expect((await store.append(batch)).added).toHaveLength(1);
    await store.purge();
    expect(await store.read('east', 0, 10)).toMatchObject([{ outcome: '{"new":true}' }]);
    expect(await store.versions('east')).toEqual([]);
  });

  it('leaves the disk after a restart, when it had not before', async () => {
    const path = newPath();
    {
      await using store = await openStore({ path });
      await fill(store, 'east');
      await store.remove('east');
    }
    await using store = await openStore({ path });
    expect(await store.cells()).toEqual([]);
    await store.purge();
    expect(isOnDisk(path, secret('east'))).toBe(false);
  });

  it('is one that nobody has joined since, not one that nobody ever joined', async () => {
    await using store = await openStore({ path: newPath() });
    await fill(store, 'east');
    await store.change('west', { joinedAt: 9_000.4 });
    await store.change('prepared', { objective: '{}' });
    expect(await store.notJoinedSince(9_000)).toEqual(['east']);
  });
});

describe('the size of a cell', () => {
  it('tells outcomes, versions, bytes and when it was last joined', async () => {
    await using store = await openStore({ path: newPath() });
    await fill(store, 'east');
    await store.change('east', { learner: 'dqn' });
    const size = await store.size('east');
    expect(size).toMatchObject({ outcomes, versions: 1, joinedAt: 1_000, learner: 'dqn' });
    const text = `{"n":1000,"text":"${secret('east')}"}`.length;
    expect(size!.bytes / (outcomes * (text + 9))).toBeCloseTo(1, 1);
  });
});

describe('versions of snapshots', () => {
  const version = (outcomes: number) => ({
    learner: 'planner',
    at: outcomes,
    outcomes,
    why: 'regular',
    state: `{"known":${outcomes}}`,
  });

  it('are kept up to their bound, the oldest goes, and no number comes twice', async () => {
    const path = newPath();
    {
      await using store = await openStore({ path, versions: 2 });
      for (const outcomes of [10, 20, 30]) await store.change('c', { version: version(outcomes) });
      expect(await store.version('c', 1)).toBeUndefined();
    }
    await using store = await openStore({ path, versions: 2 });
    await store.change('c', { version: version(40) });
    expect((await store.versions('c')).map(({ number, outcomes }) => [number, outcomes])).toEqual([
      [4, 40],
      [3, 30],
    ]);
    expect(await store.version('c', 4)).toMatchObject({ state: '{"known":40}', why: 'regular', at: 40 });
    expect(await store.versions('nowhere')).toEqual([]);
  });

  it('come with a file of before there were any, and whoever was in it counts as joined now', async () => {
    const path = newPath();
    {
      await using store = await openStore({ path });
      await store.change('c', { objective: '{}' });
    }
    const database = new DatabaseSync(path);
    database.exec('drop table fleet; drop table version; alter table cell drop column joined_at');
    database.exec('pragma user_version = 2');
    database.close();
    const before = Date.now() - 2_000;
    await using store = await openStore({ path });
    expect((await store.load('c'))?.objective).toBe('{}');
    expect((await store.size('c'))?.joinedAt).toBeGreaterThan(before);
    await store.change('c', { version: version(1) });
    expect(await store.versions('c')).toHaveLength(1);
  });
});
