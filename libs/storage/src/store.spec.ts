import { DatabaseSync } from 'node:sqlite';
import { chmodSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Batch } from './experience.ts';
import { isDamaged } from './sealed.ts';
import { openStore } from './store.ts';

const directory = mkdtempSync(join(tmpdir(), 'weir-store-'));
afterAll(() => rmSync(directory, { recursive: true }));
let files = 0;
const newPath = () => join(directory, `${files++}`, 'weir.db');

const batch = (sequences: number[], more: Partial<Batch> = {}): Batch => ({
  cellId: 'c',
  deviceId: 'd',
  instanceId: 'i',
  oldestPending: 0,
  records: sequences.map((sequence) => ({ sequence, outcome: `{"n":${sequence}}` })),
  ...more,
});

describe('openStore', () => {
  it('keeps what it acknowledged, in order, over a restart', async () => {
    const path = newPath();
    {
      await using store = await openStore({ path });
      const { added, through } = await store.append(batch([1, 2, 3]));
      expect(added.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
      expect(through).toBe(3);
      await store.change('c', { objective: '{"floor":0.8}', learner: 'planner' });
      await store.change('c', {
        joined: ['d', 'e', 'f'].map((deviceId) => ({ deviceId, state: '[1]' })),
        snapshots: [{ learner: 'planner', position: 2, state: '{}' }],
      });
      await store.change('c', { joined: [{ deviceId: 'e', state: '[2]' }], left: ['d'] });
    }
    await using store = await openStore({ path });
    expect(await store.cells()).toEqual(['c']);
    expect(await store.load('c')).toEqual({
      objective: '{"floor":0.8}',
      learner: 'planner',
      members: [
        { deviceId: 'e', state: '[2]' },
        { deviceId: 'f', state: '[1]' },
      ],
    });
    expect(await store.load('unheard-of')).toBeUndefined();
    expect(await store.snapshot('c', 'planner')).toEqual({ learner: 'planner', position: 2, state: '{}' });
    expect(await store.snapshot('c', 'dqn')).toBeUndefined();
    expect((await store.read('c', 1, 10)).map(({ outcome }) => outcome)).toEqual(['{"n":2}', '{"n":3}']);
    expect((await store.newest('c', 2)).map(({ outcome }) => outcome)).toEqual(['{"n":2}', '{"n":3}']);
    expect(await store.newest('other', 2)).toEqual([]);
  });

  it('counts an outcome once per cell, device, instance and sequence, over a restart too', async () => {
    const path = newPath();
    {
      await using store = await openStore({ path });
      await store.append(batch([1, 2, 2, 5]));
    }
    await using store = await openStore({ path });
    expect(await store.append(batch([5, 4, 2, 1]))).toMatchObject({ added: [{ sequence: 4 }], through: 2 });
    expect((await store.append(batch([3]))).through).toBe(5);
    for (const other of [{ instanceId: 'j' }, { deviceId: 'e' }, { cellId: 'k' }])
      expect((await store.append(batch([1], other))).added).toHaveLength(1);
    expect(await store.read('c', 0, 100)).toHaveLength(7);
  });

  it('settles a refused outcome without storing it, and skips what was given up', async () => {
    await using store = await openStore({ path: newPath() });
    const records = [{ sequence: 7, outcome: '{}' }, { sequence: 8 }];
    expect(await store.append(batch([], { records, oldestPending: 7 }))).toMatchObject({
      added: [{ sequence: 7 }],
      through: 8,
    });
  });

  it('shares one commit among concurrent batches, and answers each of them', async () => {
    await using store = await openStore({ path: newPath() });
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => store.append(batch([1], { deviceId: `d${i}` }))),
    );
    const positions = answers.map(({ added }) => added[0]?.position);
    expect(positions).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
  });

  it('takes again what a failed group had in it', async () => {
    await using store = await openStore({ path: newPath() });
    // While the first is at the disk the others gather to one group, which fails as a whole.
    const first = store.cells();
    const members = [{ deviceId: 'd', state: null as unknown as string }];
    const group = [
      store.append(batch([1, 2])),
      store.change('c', { objective: '{}' }),
      store.change('c', { joined: members }),
    ];
    await first;
    for (const { status } of await Promise.allSettled(group)) expect(status).toBe('rejected');
    await expect(group[0]).rejects.toMatchObject({ status: 'UNAVAILABLE' });
    expect(await store.load('c')).toBeUndefined();
    expect((await store.append(batch([1, 2]))).added).toHaveLength(2);
    expect(await store.read('c', 0, 10)).toHaveLength(2);
  });

  it('writes everything that was asked before it is closed', async () => {
    const path = newPath();
    const store = await openStore({ path });
    const asked = [1, 2, 3, 4].map((sequence) => store.append(batch([sequence])));
    await store[Symbol.asyncDispose]();
    expect((await Promise.all(asked)).map(({ through }) => through)).toEqual([1, 2, 3, 4]);
    await using again = await openStore({ path });
    expect(await again.read('c', 0, 10)).toHaveLength(4);
  });

  it('changes only what a change names', async () => {
    await using store = await openStore({ path: newPath() });
    await store.change('c', { objective: '{"floor":0.8}' });
    await store.change('c', { learner: 'dqn' });
    await store.change('c', { joined: [{ deviceId: 'd', state: '[]' }] });
    expect(await store.load('c')).toMatchObject({ objective: '{"floor":0.8}', learner: 'dqn' });
    await store.change('c', { objective: '{"floor":0.7}' });
    expect(await store.load('c')).toMatchObject({ objective: '{"floor":0.7}', learner: 'dqn' });
  });

  it('gives every version number once, over a restart too', async () => {
    const path = newPath();
    {
      await using store = await openStore({ path });
      expect(await store.reserveVersions('c', { count: 100 })).toBe(100);
      expect(await store.reserveVersions('other', { count: 100, above: 7 })).toBe(107);
    }
    await using store = await openStore({ path });
    expect(await store.reserveVersions('c', { count: 50, above: 90 })).toBe(150);
  });

  it('drops the oldest outcomes beyond the retention, and still knows that it saw them', async () => {
    await using store = await openStore({ path: newPath(), retention: 1_000 });
    await store.append(batch([1, 2], { cellId: 'quiet' }));
    for (let i = 0; i < 30; i++)
      await store.append(batch(Array.from({ length: 100 }, (_, j) => i * 100 + j + 1)));
    const kept = await store.read('c', 0, 10_000);
    expect(kept.length).toBeGreaterThanOrEqual(1_000);
    expect(kept.length).toBeLessThanOrEqual(1_200);
    expect(kept.at(-1)?.outcome).toBe('{"n":3000}');
    expect(await store.append(batch([1]))).toEqual({ added: [], through: 3_000 });
    // Each cell has its own.
    expect(await store.read('quiet', 0, 10)).toHaveLength(2);
  });

  it('forgets the least recently heard agent instances beyond their bound', async () => {
    await using store = await openStore({ path: newPath(), maxStreams: 3 });
    for (const instanceId of ['a', 'b', 'c', 'a', 'd']) await store.append(batch([1], { instanceId }));
    expect((await store.append(batch([1], { instanceId: 'a' }))).added).toHaveLength(0);
    expect((await store.append(batch([1], { instanceId: 'b' }))).added).toHaveLength(1);
  });

  it('refuses more than it may hold, and everything once closed', async () => {
    const store = await openStore({ path: newPath(), maxPending: 2 });
    const asked = [1, 2, 3, 4].map((sequence) => store.append(batch([sequence])));
    const settled = await Promise.allSettled(asked);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
    await expect(asked[3]).rejects.toMatchObject({ status: 'RESOURCE_EXHAUSTED' });
    const last = store.append(batch([5]));
    await store[Symbol.asyncDispose]();
    expect((await last).through).toBe(5 - 2);
    await expect(store.cells()).rejects.toMatchObject({ status: 'UNAVAILABLE' });
  });

  it.each([
    [
      'a file of something else',
      async (path: string) => writeFile(path, 'not a database, '.repeat(500)),
      /is corrupt .*mv '/,
    ],
    [
      'a truncated store',
      async (path: string) => {
        const store = await openStore({ path });
        for (let i = 0; i < 20; i++)
          await store.append(batch(Array.from({ length: 100 }, (_, j) => i * 100 + j + 1)));
        await store[Symbol.asyncDispose]();
        truncateSync(path, 40_000);
      },
      /is corrupt .*mv '/,
    ],
    [
      'an overwritten page',
      async (path: string) => {
        const store = await openStore({ path });
        for (let i = 0; i < 20; i++)
          await store.append(batch(Array.from({ length: 100 }, (_, j) => i * 100 + j + 1)));
        await store[Symbol.asyncDispose]();
        const bytes = await readFile(path);
        bytes.fill(0xa5, 4_096 * 4, 4_096 * 6);
        await writeFile(path, bytes);
      },
      /is corrupt .*mv '/,
    ],
    [
      'a database of another program',
      async (path: string) => {
        const other = new DatabaseSync(path);
        other.exec('create table theirs(x)');
        other.close();
      },
      /of another program/,
    ],
    [
      'a store of a newer Weir',
      async (path: string) => {
        await (await openStore({ path }))[Symbol.asyncDispose]();
        const database = new DatabaseSync(path);
        database.exec('pragma user_version = 99');
        database.close();
      },
      /format 99, this Weir reads format 3/,
    ],
  ])('refuses %s, naming the cure', async (_what, prepare, message) => {
    const path = join(mkdtempSync(join(directory, 'bad-')), 'weir.db');
    await prepare(path);
    await expect(openStore({ path })).rejects.toMatchObject({
      status: 'FAILED_PRECONDITION',
      message: expect.stringMatching(message) as string,
    });
  });

  it('can be read by nobody else, though an earlier Weir let everybody', async () => {
    const path = newPath();
    await (await openStore({ path }))[Symbol.asyncDispose]();
    const modes = () => ['', '-wal'].map((end) => (statSync(`${path}${end}`).mode & 0o777).toString(8));
    chmodSync(path, 0o644);
    await using store = await openStore({ path });
    await store.append(batch([1]));
    expect(modes()).toEqual(['600', '600']);
  });

  it('reads what an earlier Weir wrote without checksums', async () => {
    const path = newPath();
    {
      await using store = await openStore({ path });
      await store.append(batch([1, 2]));
    }
    {
      using database = new DatabaseSync(path);
      database.exec(`update experience set outcome = '{"n":7}' where position = 1`);
      database.exec('drop table version; alter table cell drop column joined_at; pragma user_version = 1');
    }
    await using store = await openStore({ path });
    expect((await store.read('c', 0, 10)).map(({ outcome }) => outcome)).toEqual(['{"n":7}', '{"n":2}']);
  });

  it('finds every text of which a bit has changed, and every one that is in another row', async () => {
    const path = newPath();
    const state = JSON.stringify({ figure: 0.7 });
    {
      await using store = await openStore({ path });
      await store.change('c', {
        objective: state,
        learner: 'planner',
        joined: ['d', 'e'].map((deviceId) => ({ deviceId, state: `{"id":"${deviceId}"}` })),
        snapshots: [{ learner: 'planner', position: 0, state }],
        version: { learner: 'planner', at: 0, outcomes: 0, why: 'regular', state },
      });
      await store.append(batch([1]));
    }
    const texts = async () => {
      await using store = await openStore({ path });
      const { objective, learner, members } = (await store.load('c'))!;
      const [entry] = await store.read('c', 0, 1);
      const snapshot = await store.snapshot('c', 'planner');
      const version = await store.version('c', 1);
      const learned = [snapshot!.state, entry!.outcome, version!.state];
      return [objective!, learner!, ...learned, ...members.map((each) => each.state)];
    };
    expect((await texts()).filter(isDamaged)).toEqual([]);
    const columns = [
      ['cell', 'objective'],
      ['cell', 'learner'],
      ['snapshot', 'state'],
      ['experience', 'outcome'],
      ['version', 'state'],
    ] as const;
    using database = new DatabaseSync(path);
    const whole = columns.map(
      ([table, column]) => database.prepare(`select ${column} as text from ${table}`).get()!.text as string,
    );
    const write = (texts: readonly string[]) => {
      for (const [at, [table, column]] of columns.entries())
        database.prepare(`update ${table} set ${column} = ?`).run(texts[at]!);
    };
    for (let bit = 0; bit < 7; bit++) {
      const flipped = whole.map((text) => {
        const place = (3 * bit) % text.length;
        const other = String.fromCharCode(text.charCodeAt(place) ^ (1 << bit));
        return text.slice(0, place) + other + text.slice(place + 1);
      });
      write(flipped);
      database.close();
      expect((await texts()).map(isDamaged)).toEqual([true, true, true, true, true, false, false]);
      database.open();
    }
    write(whole);
    database.exec(`update member set state = (select state from member where device = 'd')`);
    database.close();
    expect((await texts()).filter(isDamaged)).toHaveLength(1);
  });

  it('refuses a store that another process uses', async () => {
    const path = newPath();
    await using _store = await openStore({ path });
    await expect(openStore({ path })).rejects.toThrow(/in use by another process/);
  });

  it('gives up opening when it is told to, and the file is as it was', async () => {
    const path = newPath();
    {
      await using store = await openStore({ path });
      await store.append(batch([1]));
    }
    const stop = new AbortController();
    const opening = openStore({ path, signal: stop.signal });
    stop.abort(new Error('stopped'));
    await expect(opening).rejects.toThrow('stopped');
    await using store = await openStore({ path });
    expect(await store.read('c', 0, 10)).toHaveLength(1);
  });

  it('refuses a directory that cannot be', async () => {
    const file = join(mkdtempSync(join(directory, 'file-')), 'plain');
    writeFileSync(file, '');
    await expect(openStore({ path: join(file, 'weir.db') })).rejects.toThrow(/name a directory/);
  });
});
