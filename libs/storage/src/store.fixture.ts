import { expect, it } from 'vitest';
import type { Batch } from './experience.ts';
import type { StoreLimits } from './limits.ts';
import type { Store } from './store.ts';

/** Opens a store, and the same one again once it is closed. */
export type Open = (limits?: Partial<StoreLimits>) => Promise<Store>;

export const batch = (sequences: number[], more: Partial<Batch> = {}): Batch => ({
  cellId: 'c',
  deviceId: 'd',
  instanceId: 'i',
  oldestPending: 0,
  records: sequences.map((sequence) => ({ sequence, outcome: `{"n":${sequence}}` })),
  ...more,
});

export async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** What every store does. `place`: where there is none yet. */
export function behavesAsStore(place: () => Promise<Open>): void {
  it('keeps what it acknowledged, in order, over a restart', async () => {
    const open = await place();
    let first: number;
    {
      await using store = await open();
      const { added, through } = await store.append(batch([1, 2, 3]));
      first = added[0]!.position;
      expect(added.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
      expect(through).toBe(3);
      await store.change('c', { objective: '{"floor":0.8}', learner: 'planner' });
      await store.change('c', {
        joined: ['d', 'e', 'f'].map((deviceId) => ({ deviceId, state: '[1]' })),
        snapshots: [{ learner: 'planner', position: 2, state: '{}' }],
      });
      await store.change('c', { joined: [{ deviceId: 'e', state: '[2]' }], left: ['d'] });
    }
    await using store = await open();
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
    expect((await store.read('c', first, 10)).map(({ outcome }) => outcome)).toEqual(['{"n":2}', '{"n":3}']);
    expect((await store.newest('c', 2)).map(({ outcome }) => outcome)).toEqual(['{"n":2}', '{"n":3}']);
    expect(await store.newest('other', 2)).toEqual([]);
  });

  it('counts an outcome once per cell, device, instance and sequence, over a restart too', async () => {
    const open = await place();
    {
      await using store = await open();
      await store.append(batch([1, 2, 2, 5]));
    }
    await using store = await open();
    expect(await store.append(batch([5, 4, 2, 1]))).toMatchObject({ added: [{ sequence: 4 }], through: 2 });
    expect((await store.append(batch([3]))).through).toBe(5);
    for (const other of [{ instanceId: 'j' }, { deviceId: 'e' }, { cellId: 'k' }])
      expect((await store.append(batch([1], other))).added).toHaveLength(1);
    expect(await store.read('c', 0, 100)).toHaveLength(7);
  });

  it('settles a refused outcome without storing it, and skips what was given up', async () => {
    await using store = await (await place())();
    const records = [{ sequence: 7, outcome: '{}' }, { sequence: 8 }];
    expect(await store.append(batch([], { records, oldestPending: 7 }))).toMatchObject({
      added: [{ sequence: 7 }],
      through: 8,
    });
  });

  it('takes many batches at once, and answers each of them', async () => {
    await using store = await (await place())();
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => store.append(batch([1], { deviceId: `d${i}` }))),
    );
    const positions = answers.map(({ added }) => added[0]!.position);
    expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
    expect((await store.read('c', 0, 1_000)).map(({ position }) => position)).toEqual(positions);
  });

  it('writes everything that was asked before it is closed', async () => {
    const open = await place();
    const store = await open();
    const asked = [1, 2, 3, 4].map((sequence) => store.append(batch([sequence])));
    await store[Symbol.asyncDispose]();
    const through = (await Promise.all(asked)).map((each) => each.through);
    expect(through.map((each, at) => each > at)).toEqual([true, true, true, true]);
    expect(through.at(-1)).toBe(4);
    await using again = await open();
    expect(await again.read('c', 0, 10)).toHaveLength(4);
  });

  it('changes only what a change names', async () => {
    await using store = await (await place())();
    await store.change('c', { objective: '{"floor":0.8}' });
    await store.change('c', { learner: 'dqn' });
    await store.change('c', { joined: [{ deviceId: 'd', state: '[]' }] });
    expect(await store.load('c')).toMatchObject({ objective: '{"floor":0.8}', learner: 'dqn' });
    await store.change('c', { objective: '{"floor":0.7}' });
    expect(await store.load('c')).toMatchObject({ objective: '{"floor":0.7}', learner: 'dqn' });
  });

  it('gives every version number once, over a restart too', async () => {
    const open = await place();
    {
      await using store = await open();
      expect(await store.reserveVersions('c', { count: 100 })).toBe(100);
      expect(await store.reserveVersions('other', { count: 100, above: 7 })).toBe(107);
    }
    await using store = await open();
    expect(await store.reserveVersions('c', { count: 50, above: 90 })).toBe(150);
  });

  it('drops the oldest outcomes beyond the retention, and still knows that it saw them', async () => {
    await using store = await (await place())({ retention: 1_000 });
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
    await using store = await (await place())({ maxStreams: 3 });
    for (const instanceId of ['a', 'b', 'c', 'a', 'd']) await store.append(batch([1], { instanceId }));
    expect((await store.append(batch([1], { instanceId: 'a' }))).added).toHaveLength(0);
    expect((await store.append(batch([1], { instanceId: 'b' }))).added).toHaveLength(1);
  });

  it('refuses more than it may hold, and everything once closed', async () => {
    const store = await (await place())({ maxPending: 2 });
    const asked = [1, 2, 3, 4].map((sequence) => store.append(batch([sequence])));
    const settled = await Promise.allSettled(asked);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
    await expect(asked[3]).rejects.toMatchObject({ status: 'RESOURCE_EXHAUSTED' });
    const last = store.append(batch([5]));
    await store[Symbol.asyncDispose]();
    expect((await last).through).toBe(5 - 2);
    await expect(store.cells()).rejects.toMatchObject({ status: 'UNAVAILABLE' });
  });

  it('reads the journal in steps, each from where the last one ended', async () => {
    await using store = await (await place())();
    for (let i = 0; i < 7; i++) await store.append(batch([3 * i + 1, 3 * i + 2, 3 * i + 3]));
    const read: string[] = [];
    for (let after = 0; ;) {
      const entries = await store.read('c', after, 4);
      if (entries.length === 0) break;
      read.push(...entries.map(({ outcome }) => outcome));
      after = entries.at(-1)!.position;
    }
    expect(read).toEqual(Array.from({ length: 21 }, (_, i) => `{"n":${i + 1}}`));
    expect((await store.newest('c', 5)).map(({ outcome }) => outcome)).toEqual(read.slice(-5));
  });

  it('keeps texts of any length under ids of any characters', async () => {
    const open = await place();
    const cellId = 'Zürich, Halle 3.*.> /=2e';
    const deviceId = '摄像头 "1"\n';
    const state = JSON.stringify({ text: 'ä"'.repeat(1_500_000) });
    const records = Array.from({ length: 3_000 }, (_, i) => ({
      sequence: i + 1,
      outcome: `"${i} ${'x'.repeat(500)}"`,
    }));
    const large = { cellId, deviceId, instanceId: 'ü', oldestPending: 1, records };
    {
      await using store = await open();
      const { added, through } = await store.append(large);
      expect([added.length, through]).toEqual([3_000, 3_000]);
      await store.change(cellId, {
        joined: [{ deviceId, state: '{}' }],
        snapshots: [
          { learner: 'planner', position: 1, state: '{}' },
          { learner: 'dqn', position: 1, state: '[]' },
        ],
      });
      await store.change(cellId, { snapshots: [{ learner: 'planner', position: 2, state }] });
    }
    await using store = await open();
    expect(await store.cells()).toEqual([cellId]);
    expect(await store.load(cellId)).toEqual({ members: [{ deviceId, state: '{}' }] });
    expect(await store.snapshot(cellId, 'planner')).toEqual({ learner: 'planner', position: 2, state });
    expect(await store.snapshot(cellId, 'dqn')).toMatchObject({ state: '[]' });
    expect((await store.read(cellId, 0, 10_000)).map(({ outcome }) => outcome)).toEqual(
      records.map(({ outcome }) => outcome),
    );
    expect((await store.append(large)).added).toEqual([]);
  });

  it('forgets a cell of which nothing was journaled, unless something was chosen for it', async () => {
    const open = await place();
    {
      await using store = await open();
      for (const cellId of ['empty', 'chosen', 'learned'])
        await store.change(cellId, { joined: [{ deviceId: 'd', state: '{}' }] });
      await store.change('chosen', { learner: 'dqn' });
      await store.append(batch([1], { cellId: 'learned' }));
      const dropped = await Promise.all(
        ['empty', 'chosen', 'learned', 'unheard-of'].map((cellId) => store.dropUnused(cellId)),
      );
      expect(dropped).toEqual([true, false, false, false]);
      expect(await store.load('empty')).toBeUndefined();
      expect(await store.dropUnused('chosen', { evenConfigured: true })).toBe(true);
    }
    await using store = await open();
    expect(await store.cells()).toEqual(['learned']);
    await store.change('empty', { objective: '{}' });
    expect(await store.load('empty')).toEqual({ objective: '{}', members: [] });
  });

  it('keeps the newest versions of what a learner knew, by numbers that come once', async () => {
    const open = await place();
    const version = (outcomes: number) => ({
      learner: 'planner',
      at: 1_000,
      outcomes,
      why: 'regular',
      state: `[${outcomes}]`,
    });
    {
      await using store = await open({ versions: 3 });
      await Promise.all([1, 2, 3, 4].map((outcomes) => store.change('c', { version: version(outcomes) })));
    }
    await using store = await open({ versions: 3 });
    await store.change('c', { version: version(5) });
    expect(await store.versions('c')).toMatchObject(
      [5, 4, 3].map((number) => ({ number, outcomes: number, learner: 'planner', why: 'regular' })),
    );
    expect(await store.version('c', 4)).toMatchObject({ number: 4, state: '[4]' });
    expect(await store.version('c', 2)).toBeUndefined();
    expect(await store.versions('unheard-of')).toEqual([]);
  });

  it('reads the snapshots of one learner in all cells, of those that devices have joined last first', async () => {
    await using store = await (await place())();
    const save = (cellId: string, learner: string, joinedAt?: number) =>
      store.change(cellId, {
        ...(joinedAt !== undefined && { joinedAt }),
        snapshots: [{ learner, position: 1, state: JSON.stringify(cellId) }],
      });
    await save('never joined', 'planner');
    await save('old', 'planner', 1_000);
    await save('new', 'planner', 3_000);
    await save('of another', 'dqn', 4_000);
    await save('deleted', 'planner', 5_000);
    await store.remove('deleted');
    const read = async (limit: number) =>
      (await allOf(store.snapshots('planner', limit))).map(({ cellId, state }) => {
        expect(state).toBe(JSON.stringify(cellId));
        return cellId;
      });
    expect(await read(10)).toEqual(['new', 'old', 'never joined']);
    expect(await read(2)).toEqual(['new', 'old']);
    expect((await store.cells()).toSorted()).toEqual(['never joined', 'new', 'of another', 'old']);
  });

  it('keeps what cells have learned for new ones, which is of no cell', async () => {
    const open = await place();
    {
      await using store = await open();
      expect(await store.fleetPrior()).toBeUndefined();
      await store.setFleetPrior('[1]');
      await store.setFleetPrior('[2]');
      await store.change('fleet', { learner: 'dqn' });
      await store.change('fleet-prior', { learner: 'dqn' });
      for (const cellId of ['fleet', 'fleet-prior']) await store.remove(cellId);
      await store.purge();
    }
    await using store = await open();
    expect(await store.fleetPrior()).toBe('[2]');
    expect(await store.cells()).toEqual([]);
  });

  it('tells how much it has of a cell and when it was last joined, until that is removed', async () => {
    const open = await place();
    {
      await using store = await open();
      await store.append(batch([1, 2, 3]));
      await store.change('c', { joinedAt: 5_000, learner: 'dqn', joined: [{ deviceId: 'd', state: '[1]' }] });
      await store.append(batch([1], { cellId: 'other' }));
    }
    await using store = await open();
    const size = await store.size('c');
    expect(size).toMatchObject({ learner: 'dqn', joinedAt: 5_000, outcomes: 3, versions: 0 });
    expect(size!.bytes).toBeGreaterThan(3 * '{"n":1}'.length);
    expect(await store.notJoinedSince(5_001)).toEqual(['c']);
    expect(await store.notJoinedSince(5_000)).toEqual([]);
    expect([await store.remove('c'), await store.remove('c')]).toEqual([true, false]);
    await store.purge();
    expect(await store.size('c')).toBeUndefined();
    expect(await store.cells()).toEqual(['other']);
    expect(await store.read('c', 0, 10)).toEqual([]);
    expect((await store.append(batch([1]))).added).toHaveLength(1);
  });
}
