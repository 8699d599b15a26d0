import { FakeClock, type Logger, silentLogger } from '@weir/base';
import {
  cellFenced,
  cellOwnedElsewhere,
  type NatsStoreOptions,
  openNatsStore,
  storeNotWritable,
} from '@weir/storage';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outlivesItsProcess } from '../../libs/storage/src/kill.fixture.ts';
import { allOf, batch, behavesAsStore } from '../../libs/storage/src/store.fixture.ts';
import { type NatsServer, natsServer } from './nats-server.ts';

let server: NatsServer;
beforeAll(async () => {
  server = await natsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const open = (options: Partial<NatsStoreOptions> = {}) =>
  openNatsStore({ servers: [server.url], ...options });
/** A stream and a bucket of their own. */
const newName = () => `weir-${randomUUID()}`;

/** Tells what was logged as an error. */
function listener(): { logger: Logger; told: string[] } {
  const told: string[] = [];
  return { told, logger: { ...silentLogger, error: (_fields, message) => void told.push(message) } };
}

describe('a store on NATS', () => {
  behavesAsStore(async () => {
    const name = newName();
    return (limits) => open({ name, ...limits });
  });
});

describe('a store on NATS whose process is killed', () => {
  const name = newName();
  outlivesItsProcess('openNatsStore', () => ({ servers: [server.url], name }));
});

describe('a cell that another process claims', () => {
  it('is written by the last one alone, and no outcome counts twice', async () => {
    const name = newName();
    await using former = await open({ name });
    await former.append(batch([1, 2]));
    await former.change('c', { joined: [{ deviceId: 'd', state: '[1]' }] });
    await using latter = await open({ name });
    // Claims it.
    expect((await latter.append(batch([2, 3]))).added).toMatchObject([{ sequence: 3 }]);
    const refused = { status: 'UNAVAILABLE', reason: 'CELL_FENCED' };
    for (const write of [
      () => former.append(batch([4])),
      () => former.change('c', { objective: '{}' }),
      () => former.change('c', { left: ['d'] }),
      () => former.reserveVersions('c', { count: 1 }),
      () => former.dropUnused('c'),
    ])
      await expect(write()).rejects.toMatchObject(refused);
    expect((await latter.append(batch([4]))).through).toBe(4);
    expect(await latter.read('c', 0, 10)).toHaveLength(4);
    // Its other cells are its own still.
    await former.append(batch([1], { cellId: 'other' }));
  });

  it.each([
    ['an outcome', (store: Awaited<ReturnType<typeof open>>) => store.append(batch([9]))],
    ['a member', (store: Awaited<ReturnType<typeof open>>) => store.change('c', { left: ['d'] })],
    [
      'a snapshot',
      (store: Awaited<ReturnType<typeof open>>) =>
        store.change('c', { snapshots: [{ learner: 'planner', position: 1, state: '"former"' }] }),
    ],
    [
      'the deletion',
      (store: Awaited<ReturnType<typeof open>>) => store.dropUnused('c', { evenConfigured: true }),
    ],
  ])('takes %s of its former owner no more, whichever comes first', async (_what, write) => {
    const name = newName();
    await using former = await open({ name });
    await former.change('c', { joined: [{ deviceId: 'd', state: '[1]' }] });
    await using latter = await open({ name });
    await latter.change('c', {
      joined: [{ deviceId: 'd', state: '[2]' }],
      snapshots: [{ learner: 'planner', position: 1, state: '"latter"' }],
    });
    await expect(write(former)).rejects.toMatchObject({ reason: 'CELL_FENCED' });
    expect(await latter.load('c')).toMatchObject({ members: [{ state: '[2]' }] });
    expect(await latter.snapshot('c', 'planner')).toMatchObject({ state: '"latter"' });
    expect(await latter.read('c', 0, 10)).toEqual([]);
  });
});

describe('a store whose server is away', () => {
  it('takes nothing and says so once, and goes on when it is back, with all that it had acknowledged', async () => {
    await using own = await natsServer();
    const { logger, told } = listener();
    const reachable: boolean[] = [];
    const options = { servers: [own.url], logger, onReachable: (now: boolean) => void reachable.push(now) };
    await using store = await openNatsStore(options);
    await store.append(batch([1, 2]));
    await own.kill();
    const away = { status: 'UNAVAILABLE', reason: storeNotWritable };
    const refused = [store.append(batch([3])), store.change('c', { objective: '{}' }), store.cells()];
    for (const each of await Promise.allSettled(refused)) expect(each).toMatchObject({ reason: away });
    expect(told).toEqual([expect.stringMatching(/learns nothing until the store is back/)]);
    await own.start();
    await expect.poll(() => reachable, { timeout: 20_000 }).toEqual([false, true]);
    // What was given up may be there or not: it counts once.
    expect(await store.append(batch([3, 4], { oldestPending: 3 }))).toMatchObject({
      added: [{ sequence: 3 }, { sequence: 4 }],
      through: 4,
    });
    const outcomes = (await store.read('c', 0, 10)).map(({ outcome }) => outcome);
    expect(outcomes).toEqual([1, 2, 3, 4].map((n) => `{"n":${n}}`));
  });

  it('waits for it at the start, tells it once, and gives up when it is told to', async () => {
    await using own = await natsServer();
    await own.kill();
    const { logger, told } = listener();
    const stop = new AbortController();
    const given = openNatsStore({ servers: [own.url], logger, signal: stop.signal });
    const waiting = openNatsStore({ servers: [own.url], logger });
    await expect.poll(() => told.length).toBe(2);
    stop.abort(new Error('stopped'));
    await expect(given).rejects.toThrow('stopped');
    await own.start();
    await using store = await waiting;
    expect(await store.cells()).toEqual([]);
    const waits = expect.stringMatching(/^waits for the store at nats:.*connection refused/) as string;
    expect(told).toEqual([waits, waits]);
  });
});

describe('processes that share a store on NATS', () => {
  const shared = async (name: string, address: string, more: Partial<NatsStoreOptions> = {}) => {
    const store = await open({ name, shared: true, ...more });
    await store.share!(address);
    return store;
  };

  it('send one another to the owner of a cell, which another one is only after it', async () => {
    const name = newName();
    await using a = await shared(name, 'a:1');
    await using b = await shared(name, 'b:1');
    const [first, again] = [await a.claim('c'), await a.claim('c')];
    expect(again).toBe(first);
    for (const ask of [() => b.claim('c'), () => b.append(batch([1]))])
      await expect(ask()).rejects.toMatchObject({
        reason: cellOwnedElsewhere,
        info: { cell: 'c', owner: 'a:1' },
      });
    await a.append(batch([1]));
    await a.release('c');
    expect(await b.claim('c')).toBeGreaterThan(first);
    expect(await b.append(batch([1, 2]))).toMatchObject({ added: [{ sequence: 2 }] });
    await expect(a.claim('c')).rejects.toMatchObject({ info: { owner: 'b:1' } });
    await b[Symbol.asyncDispose]();
    await a.claim('c');
  });

  it('take over what belongs to them, and tell the former owner when it writes', async () => {
    const name = newName();
    const lost: string[] = [];
    await using a = await shared(name, 'a:1', { onFenced: (cellId) => void lost.push(cellId) });
    await using b = await shared(name, 'b:1');
    await a.claim('c');
    await b.claim('c', { evenOwned: true });
    await expect(a.append(batch([1]))).rejects.toMatchObject({ reason: cellFenced });
    expect(lost).toEqual(['c']);
    await a.release('c');
    await expect(a.claim('c')).rejects.toMatchObject({ info: { owner: 'b:1' } });
  });

  it('read what the cells of another one have learned, which stay its own, and have one prior', async () => {
    const name = newName();
    await using a = await shared(name, 'a:1');
    await using b = await shared(name, 'b:1');
    await a.claim('c');
    await a.change('c', { snapshots: [{ learner: 'planner', position: 1, state: '[1]' }] });
    expect(await allOf(b.snapshots('planner', 10))).toMatchObject([{ cellId: 'c', state: '[1]' }]);
    await b.setFleetPrior('[2]');
    expect(await a.fleetPrior()).toBe('[2]');
    expect((await a.append(batch([1]))).through).toBe(1);
    await expect(b.claim('c')).rejects.toMatchObject({ info: { owner: 'a:1' } });
  });

  it('own the cells of one that has fallen silent, and it learns of that when it is back', async () => {
    const name = newName();
    const lost: string[] = [];
    // Its clock stands still: it renews nothing.
    const clock = new FakeClock(1);
    await using silent = await shared(name, 'a:1', { clock, onFenced: (cellId) => void lost.push(cellId) });
    await silent.claim('c');
    await using other = await shared(name, 'b:1');
    await expect
      .poll(() => other.claim('c').catch(() => 0), { timeout: 30_000, interval: 200 })
      .toBeGreaterThan(0);
    clock.advance(10_000);
    // What it asks while it takes another server may be lost; it asks again.
    const asked = () => {
      clock.advance(1_500);
      return lost;
    };
    await expect.poll(asked, { timeout: 20_000, interval: 500 }).toEqual(['c']);
  });
});
