import { DatabaseSync } from 'node:sqlite';
import { chmodSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { batch, behavesAsStore } from '../store.fixture.ts';
import { isDamaged } from './sealed.ts';
import { openStore } from './sqlite-store.ts';

const directory = mkdtempSync(join(tmpdir(), 'weir-store-'));
afterAll(() => rmSync(directory, { recursive: true }));
let files = 0;
const newPath = () => join(directory, `${files++}`, 'weir.db');

describe('a store in a file', () => {
  behavesAsStore(async () => {
    const path = newPath();
    return (limits) => openStore({ path, ...limits });
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
      /format 99, this Weir reads format 4/,
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
      database.exec('drop table fleet; drop table version; alter table cell drop column joined_at');
      database.exec('pragma user_version = 1');
    }
    await using store = await openStore({ path });
    expect((await store.read('c', 0, 10)).map(({ outcome }) => outcome)).toEqual(['{"n":7}', '{"n":2}']);
  });

  it('reads a file of before there was anything of the fleet', async () => {
    const path = newPath();
    {
      await using store = await openStore({ path });
      await store.append(batch([1]));
    }
    {
      using database = new DatabaseSync(path);
      database.exec('drop table fleet; pragma user_version = 3');
    }
    await using store = await openStore({ path });
    expect(await store.read('c', 0, 10)).toHaveLength(1);
    await store.setFleetPrior('[1]');
    expect(await store.fleetPrior()).toBe('[1]');
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
      await store.setFleetPrior(state);
    }
    const texts = async () => {
      await using store = await openStore({ path });
      const { objective, learner, members } = (await store.load('c'))!;
      const [entry] = await store.read('c', 0, 1);
      const snapshot = await store.snapshot('c', 'planner');
      const version = await store.version('c', 1);
      const learned = [snapshot!.state, entry!.outcome, version!.state, (await store.fleetPrior())!];
      return [objective!, learner!, ...learned, ...members.map((each) => each.state)];
    };
    expect((await texts()).filter(isDamaged)).toEqual([]);
    const columns = [
      ['cell', 'objective'],
      ['cell', 'learner'],
      ['snapshot', 'state'],
      ['experience', 'outcome'],
      ['version', 'state'],
      ['fleet', 'value'],
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
      expect((await texts()).map(isDamaged)).toEqual([true, true, true, true, true, true, false, false]);
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
