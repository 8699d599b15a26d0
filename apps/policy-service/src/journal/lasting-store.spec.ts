import { FailedPrecondition, FakeClock, type Logger, silentLogger } from '@weir/base';
import { openStore, storeNotWritable } from '@weir/storage';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openLasting } from './lasting-store.ts';

const directory = mkdtempSync(join(tmpdir(), 'weir-lasting-'));
afterAll(() => rmSync(directory, { recursive: true }));

const batch = (sequence: number) => ({
  cellId: 'c',
  deviceId: 'd',
  instanceId: 'i',
  oldestPending: 1,
  records: [{ sequence, outcome: `{"n":${sequence}}` }],
});

/** A store with one outcome and an objective, whose disk takes nothing until `makeRoom`. */
async function setUp() {
  const path = join(mkdtempSync(join(directory, 'full-')), 'policy.db');
  {
    await using store = await openStore({ path });
    await store.change('c', { objective: '{"floor":0.8}' });
    await store.append(batch(1));
  }
  let full = true;
  const open: typeof openStore = async (options) => {
    if (full) throw new FailedPrecondition('its disk is full (ENOSPC)', { reason: storeNotWritable });
    return openStore(options);
  };
  const clock = new FakeClock(5_000);
  const told: string[] = [];
  const logger: Logger = { ...silentLogger, error: (_fields, message) => void told.push(message) };
  const store = await openLasting({ open, clock, logger, retryMs: 1_000, path });
  const makeRoom = async () => {
    full = false;
    clock.advance(1_000);
    await expect
      .poll(
        () =>
          store.append(batch(2)).then(
            () => true,
            () => false,
          ),
        { timeout: 20_000 },
      )
      .toBe(true);
  };
  return { path, store, clock, told, makeRoom };
}

describe('a store whose disk takes nothing at the start', () => {
  it('gives what was learned, takes nothing that would have to last, and tells it once', async () => {
    const { store, clock, told } = await setUp();
    await using _closed = store;
    expect(await store.cells()).toEqual(['c']);
    expect(await store.load('c')).toMatchObject({ objective: '{"floor":0.8}' });
    expect(await store.read('c', 0, 10)).toHaveLength(1);
    await store.change('c', { joined: [{ deviceId: 'd', state: '{}' }] });
    for (const write of [
      () => store.append(batch(2)),
      () => store.change('c', { learner: 'planner' }),
      () => store.change('c', { objective: '{"floor":0}' }),
    ])
      await expect(write()).rejects.toMatchObject({ status: 'UNAVAILABLE', reason: storeNotWritable });
    for (let second = 0; second < 5; second++) clock.advance(1_000);
    expect(told).toEqual([expect.stringMatching(/learns nothing: its disk is full/)]);
  });

  it('is the store itself once the disk takes something, and no version is given out twice', async () => {
    const { path, store, makeRoom } = await setUp();
    const before = await store.reserveVersions('c', { count: 10, above: 5_000 });
    await makeRoom();
    await store.change('c', { objective: '{"floor":0.5}' });
    expect(await store.reserveVersions('c', { count: 10 })).toBeGreaterThanOrEqual(before + 10);
    await store[Symbol.asyncDispose]();
    await using after = await openStore({ path });
    expect(await after.load('c')).toMatchObject({ objective: '{"floor":0.5}' });
    expect(await after.read('c', 0, 10)).toHaveLength(2);
  });

  it('is not opened for any other fault', async () => {
    const open = async () => {
      throw new FailedPrecondition('is corrupt', { reason: 'STORE_CORRUPT' });
    };
    const options = { open, clock: new FakeClock(), logger: silentLogger, retryMs: 1_000, path: 'x' };
    await expect(openLasting(options)).rejects.toThrow(/corrupt/);
  });
});
