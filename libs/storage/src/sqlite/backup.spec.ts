import { AlreadyExists, FailedPrecondition, NotFound, ResourceExhausted } from '@weir/base';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { readBackup, restoreBackup } from './restore.ts';
import type { Store } from '../store.ts';
import { openStore } from './sqlite-store.ts';

const directory = mkdtempSync(join(tmpdir(), 'weir-backup-'));
afterAll(() => rmSync(directory, { recursive: true }));
let files = 0;
const newPath = () => join(directory, `${files++}`, 'policy.db');

const batch = (cellId: string, from: number, count: number) => ({
  cellId,
  deviceId: 'd',
  instanceId: 'i',
  oldestPending: 0,
  records: Array.from({ length: count }, (_, at) => ({
    sequence: from + at,
    outcome: `{"cell":"${cellId}","n":${from + at}}`,
  })),
});
const version = (why: string) => ({ learner: 'planner', at: 1_000, outcomes: 7, why, state: '{"known":1}' });

async function fill(store: Store, cellId: string): Promise<void> {
  const { added } = await store.append(batch(cellId, 1, 50));
  await store.change(cellId, {
    objective: `{"floor":0.8,"of":"${cellId}"}`,
    learner: 'planner',
    joinedAt: 5_000,
    joined: [{ deviceId: 'd', state: '[1]' }],
    snapshots: [{ learner: 'planner', position: added[39]!.position, state: '{"known":2}' }],
    version: version('regular'),
  });
  // Ahead of a gap.
  await store.append(batch(cellId, 60, 2));
}

/** All that a store has of a cell. Positions are told by the outcomes that they stand for. */
async function contents(store: Store, cellId: string) {
  const journal = await store.read(cellId, 0, 1_000);
  const snapshot = await store.snapshot(cellId, 'planner');
  const versions = await store.versions(cellId);
  return {
    cell: await store.load(cellId),
    journal: journal.map(({ outcome }) => outcome),
    snapshot: snapshot && {
      ...snapshot,
      position: journal.findIndex(({ position }) => position === snapshot.position),
    },
    versions: await Promise.all(versions.map(({ number }) => store.version(cellId, number))),
    joinedAt: (await store.size(cellId))?.joinedAt,
  };
}

/** A store with two cells, and its backup as a file. */
async function backedUp(cellId?: string) {
  const path = newPath();
  await using store = await openStore({ path });
  for (const each of ['east', 'west']) await fill(store, each);
  const file = join(directory, `${files++}.backup`);
  using backup = await store.backup(cellId);
  expect(statSync(backup.path).mode & 0o077).toBe(0);
  writeFileSync(file, gzipSync(readFileSync(backup.path)));
  return { path, file, east: await contents(store, 'east'), west: await contents(store, 'west') };
}

describe('a backup', () => {
  it('brings everything back in another place: objective, learner, members, snapshot, versions, journal', async () => {
    const { file, east, west } = await backedUp();
    expect(await readBackup(file)).toEqual(
      ['east', 'west'].map((cellId) => ({ cellId, devices: 1, outcomes: 52, versions: 1 })),
    );
    const path = newPath();
    await restoreBackup(file, { path, replace: false });
    expect(statSync(path).mode & 0o077).toBe(0);
    await using store = await openStore({ path });
    expect(await store.cells()).toEqual(['east', 'west']);
    expect(await contents(store, 'east')).toEqual(east);
    expect(await contents(store, 'west')).toEqual(west);
    // What was acknowledged counts once here, too; what was not is still missing.
    expect(await store.append(batch('east', 49, 4))).toMatchObject({
      added: [{ sequence: 51 }, { sequence: 52 }],
      through: 52,
    });
    expect((await store.append(batch('east', 60, 2))).added).toEqual([]);
  });

  it('is as of one instant while outcomes come: with all that was acknowledged before, and whole batches', async () => {
    await using store = await openStore({ path: newPath() });
    let acknowledged = 0;
    let going = true;
    const writing = (async () => {
      while (going) {
        await store.append(batch('c', acknowledged + 1, 10));
        acknowledged += 10;
      }
    })();
    await expect.poll(() => acknowledged, { timeout: 30_000 }).toBeGreaterThan(500);
    const before = acknowledged;
    using backup = await store.backup();
    going = false;
    await writing;
    using copy = new DatabaseSync(backup.path, { readOnly: true });
    const rows = copy.prepare('select outcome from experience order by position').all();
    expect(rows.length).toBeGreaterThanOrEqual(before);
    expect(rows.length % 10).toBe(0);
    expect(copy.prepare('select through from stream').get()).toEqual({ through: rows.length });
  });

  it('of one cell has that one alone, and not a byte of another', async () => {
    const { file } = await backedUp('east');
    expect((await readBackup(file)).map(({ cellId }) => cellId)).toEqual(['east']);
    const bytes = gunzipSync(readFileSync(file)).toString('latin1');
    expect(bytes).toContain('{"cell":"east","n":1}');
    expect(bytes.includes('west')).toBe(false);
  });

  it('leaves nothing beside the store, nor do those that were interrupted', async () => {
    const path = newPath();
    {
      await using store = await openStore({ path });
      await fill(store, 'east');
      await expect(store.backup('nowhere')).rejects.toThrow(NotFound);
      const first = store.backup();
      await expect(store.backup()).rejects.toThrow(ResourceExhausted);
      (await first)[Symbol.dispose]();
      expect(readdirSync(dirname(path)).filter((name) => !/^policy\.db(-wal)?$/.test(name))).toEqual([]);
    }
    writeFileSync(`${path}.backup-1.copy`, '');
    await using _store = await openStore({ path });
    expect(existsSync(`${path}.backup-1.copy`)).toBe(false);
  });
});

describe('restoring', () => {
  it('keeps the other cells of the store, and each journal in its order', async () => {
    const { file, east } = await backedUp('east');
    const path = newPath();
    await using store = await (async () => {
      {
        await using before = await openStore({ path });
        await fill(before, 'north');
      }
      await restoreBackup(file, { path, replace: false });
      return openStore({ path });
    })();
    expect(await store.cells()).toEqual(['east', 'north']);
    expect(await contents(store, 'east')).toEqual(east);
    expect((await contents(store, 'north')).journal).toHaveLength(52);
    const { added } = await store.append(batch('east', 100, 1));
    const positions = (await store.read('east', 0, 1_000)).map(({ position }) => position);
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
    expect(positions.at(-1)).toBe(added[0]!.position);
  });

  it('replaces a cell only when told to, and then wholly', async () => {
    const { path, file, east } = await backedUp();
    {
      await using store = await openStore({ path });
      await store.append(batch('east', 200, 5));
      await store.change('east', { objective: '{"later":true}', version: version('later') });
      await store.append(batch('north', 1, 1));
    }
    const copy = newPath();
    cpSync(dirname(path), dirname(copy), { recursive: true });
    await expect(restoreBackup(file, { path: copy, replace: false })).rejects.toThrow(AlreadyExists);
    await expect(restoreBackup(file, { path: copy, replace: false })).rejects.toThrow(/east, west already/);
    {
      await using untouched = await openStore({ path: copy });
      expect((await untouched.load('east'))?.objective).toBe('{"later":true}');
    }
    const restored = await restoreBackup(file, { path: copy, replace: true });
    expect(restored.map(({ cellId, replaced }) => [cellId, replaced])).toEqual([
      ['east', true],
      ['west', true],
    ]);
    await using store = await openStore({ path: copy });
    expect(await contents(store, 'east')).toEqual(east);
    expect(await store.cells()).toEqual(['east', 'north', 'west']);
  });

  it('is refused while the store is in use', async () => {
    const { file } = await backedUp();
    const path = newPath();
    await using _store = await openStore({ path });
    await expect(restoreBackup(file, { path, replace: true })).rejects.toMatchObject({
      reason: 'STORE_IN_USE',
    });
  });

  const damaged = (change: (bytes: Buffer) => Buffer) => async () => {
    const { file } = await backedUp();
    writeFileSync(file, change(readFileSync(file)));
    return file;
  };
  const written = (bytes: Buffer | string) => async () => {
    const file = join(directory, `${files++}.backup`);
    writeFileSync(file, bytes);
    return file;
  };
  const newer = async () => {
    const { path } = await backedUp();
    const database = new DatabaseSync(path);
    database.exec('pragma journal_mode = delete; pragma user_version = 99');
    database.close();
    return written(gzipSync(readFileSync(path)))();
  };

  it.each([
    ['that is not there', async () => join(directory, 'nowhere.backup'), /ENOENT/],
    ['that is none', written('a letter to my aunt'), /is no backup/],
    ['that is empty', written(''), /is no backup|damaged/],
    ['of nothing', written(gzipSync('')), /is no backup/],
    ['of another kind', written(gzipSync('no database '.repeat(1_000))), /corrupt/],
    ['with a bit changed', damaged(flipBit), /is damaged/],
    ['that ends too soon', damaged((bytes) => bytes.subarray(0, bytes.length / 2)), /is damaged/],
    ['of a newer Weir', newer, /format 99/],
  ])('refuses a file %s, and touches nothing', async (_, make, message) => {
    const file = await make();
    const path = newPath();
    const restoring = restoreBackup(file, { path, replace: true });
    await expect(restoring).rejects.toThrow(FailedPrecondition);
    await expect(restoring).rejects.toThrow(message);
    await expect(restoring).rejects.toThrow(file);
    expect(existsSync(path)).toBe(false);
  });
});

function flipBit(bytes: Buffer): Buffer {
  const at = bytes.length >> 1;
  bytes[at] = bytes[at]! ^ 1;
  return bytes;
}
