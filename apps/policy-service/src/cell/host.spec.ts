import { FakeClock, seededRandom, silentLogger } from '@weir/base';
import { defaultObjective, type Outcome } from '@weir/domain';
import { type CellObservation, createLearner, type Learner, type LearnerSnapshot } from '@weir/learning';
import { openStore, type Store } from '@weir/storage';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  deviceHello,
  deviceState,
  edge,
  looks,
  nodeReport,
  outcome,
  variants,
} from '../sessions/agent.fixture.ts';
import { CellHost, type CellHostOptions } from './host.ts';
import { createFastestMean } from './learner.fixture.ts';
import { slowLearner } from './orchestrator.fixture.ts';

const directory = mkdtempSync(join(tmpdir(), 'weir-cell-'));
afterAll(() => rmSync(directory, { recursive: true }));
let files = 0;
const newPath = () => join(directory, `${files++}.db`);

const names = ['fastest-mean', 'other'];
const options = (store: Store, more: Partial<CellHostOptions> = {}): CellHostOptions => ({
  store,
  clock: new FakeClock(5_000),
  logger: silentLogger,
  learners: { names, create: (name) => createFastestMean(name) },
  learner: 'fastest-mean',
  objective: defaultObjective,
  times: { leaseMs: 5_000, replanMs: 1_000, leastReplanMs: 100, graceMs: 10_000 },
  maxDevices: 10,
  errors: { report: () => {} },
  snapshotMs: 10_000,
  ...more,
});
const link = { push() {}, end() {} };
const numbered = (...responses: number[]) => ({
  oldestPending: 0,
  outcomes: responses.map((responseMs) => ({
    sequence: responseMs,
    outcome: outcome('a', { responseMs }) satisfies Outcome,
  })),
});
const from = { deviceId: 'a', instanceId: 'i' };

/** A cell of one device, whose first two outcomes are journaled. */
async function withTwoOutcomes(store: Store) {
  const clock = new FakeClock(5_000);
  const cell = await CellHost.open('c', options(store, { clock }));
  cell.devices.join(deviceHello('a'), link);
  await cell.journal({ ...from, batch: numbered(10, 20) });
  return { clock, cell };
}

/** The same in an epoch, whose only outcome is journaled as the third. */
async function inAnEpoch(store: Store) {
  const { clock, cell } = await withTwoOutcomes(store);
  const run = cell.orchestrator.runEpochs();
  const { version } = await run.next({ settleMs: 1_000, signal: new AbortController().signal });
  const planned = outcome('a', { planVersion: version, responseMs: 30 });
  await cell.journal({
    ...from,
    batch: { oldestPending: 0, outcomes: [{ sequence: 30, outcome: planned }] },
  });
  return { clock, cell, run };
}

describe('CellHost', () => {
  it('knows again after a restart that pictures have become harder', async () => {
    const path = newPath();
    const small = { tier: 'device', nodeId: 'a', variant: 'small' } as const;
    const corrections = async (journaled: number) => {
      await using store = await openStore({ path });
      await using cell = await CellHost.open('c', options(store));
      cell.devices.join(deviceHello('a', { looks }), link);
      const outcomes = Array.from({ length: journaled }, (_, at) => ({
        sequence: at + 1,
        outcome: outcome('a', { placement: small, margin: (at % 10 < 7 ? 0.2 : 0.7) + at / 1e6 }),
      }));
      if (journaled > 0) await cell.journal({ ...from, batch: { oldestPending: 0, outcomes } });
      cell.orchestrator.decide('a');
      return cell.orchestrator.status().accuracy.correction?.firsts;
    };
    expect(await corrections(0)).toBeUndefined();
    const told = await corrections(400);
    expect(told).toMatchObject([{ variant: 'small' }]);
    const again = await corrections(0);
    expect(again).toMatchObject([{ variant: 'small' }]);
    expect(again![0]!.loss / told![0]!.loss).toBeCloseTo(1, 0);
  });

  it('learns each outcome once, in any order, and says how far all are settled', async () => {
    await using store = await openStore({ path: newPath() });
    await using cell = await CellHost.open('c', options(store));
    cell.devices.join(deviceHello('a'), link);
    expect(await cell.journal({ ...from, batch: numbered(1, 3) })).toBe(1);
    expect(await cell.journal({ ...from, batch: numbered(3, 2, 2) })).toBe(3);
    expect(cell.orchestrator.status().outcomes).toBe(3);
    const faulty = { sequence: 4, faults: ['hops: missing'] };
    expect(await cell.journal({ ...from, batch: { outcomes: [faulty], oldestPending: 0 } })).toBe(4);
    expect(cell.orchestrator.status().outcomes).toBe(3);
  });

  it('acknowledges no more outcomes than it can learn from, beyond a thousand batches', async () => {
    const clock = new FakeClock(5_000);
    const { learner, turnstile } = slowLearner(10);
    await using store = await openStore({ path: newPath() });
    const learners = { names, create: () => learner };
    const more = { clock, learners, turnstile: turnstile((...timer) => clock.after(...timer)) };
    await using cell = await CellHost.open('c', options(store, more));
    cell.devices.join(deviceHello('a'), link);
    const acknowledged: number[] = [];
    const sent = Array.from({ length: 1_200 }, async (_, at) => {
      await cell.journal({ ...from, batch: numbered(at + 1) });
      acknowledged.push(at);
    });
    await Promise.all(sent.slice(0, 1_000));
    // All are at the disk, and what follows from that is done.
    expect(await store.newest('c', 1_200)).toHaveLength(1_200);
    await new Promise((resolve) => setImmediate(resolve));
    expect(acknowledged.length).toBeLessThan(1_050);
    await clock.advanceAsync(0);
    await Promise.all(sent);
    expect(learner.status().outcomes).toBe(1_200);
  });

  it('goes on after a crash from its snapshot and everything journaled since', async () => {
    const path = newPath();
    {
      await using store = await openStore({ path });
      const { clock, cell } = await withTwoOutcomes(store);
      clock.advance(10_000);
      await cell.journal({ ...from, batch: numbered(30, 40) });
      // No farewell: the host is not disposed, as after kill -9.
      cell.orchestrator[Symbol.dispose]();
    }
    await using store = await openStore({ path });
    expect(await store.snapshot('c', 'fastest-mean')).toMatchObject({ position: 2 });
    await using cell = await CellHost.open('c', options(store));
    expect(cell.orchestrator.status()).toMatchObject({ outcomes: 4, devices: [{ deviceId: 'a' }] });
    const { state } = cell.orchestrator.learner.snapshot();
    expect((state as { times: unknown }).times).toEqual([['a edge-1 large', { count: 4, meanMs: 25 }]]);
    expect(await cell.journal({ ...from, batch: numbered(40, 50) })).toBe(0);
    expect(cell.orchestrator.status().outcomes).toBe(5);
  });

  it('learns an epoch from the journal that a crash has cut off, whatever was saved meanwhile', async () => {
    const path = newPath();
    {
      await using store = await openStore({ path });
      const { clock, cell } = await inAnEpoch(store);
      expect(cell.orchestrator.status().outcomes).toBe(2);
      clock.advance(10_000);
      await cell.save();
      cell.orchestrator[Symbol.dispose]();
    }
    await using store = await openStore({ path });
    expect(await store.snapshot('c', 'fastest-mean')).toMatchObject({ position: 2 });
    await using cell = await CellHost.open('c', options(store));
    expect(cell.orchestrator.status().outcomes).toBe(3);
  });

  it('has learned an epoch that a farewell has cut off', async () => {
    const path = newPath();
    {
      await using store = await openStore({ path });
      const { cell, run } = await inAnEpoch(store);
      run[Symbol.dispose]();
      await cell[Symbol.asyncDispose]();
    }
    await using store = await openStore({ path });
    expect(await store.snapshot('c', 'fastest-mean')).toMatchObject({ position: 3 });
    await using cell = await CellHost.open('c', options(store));
    expect(cell.orchestrator.status().outcomes).toBe(3);
  });

  it('tells the learner of its members before it learns the journal again', async () => {
    const path = newPath();
    {
      await using store = await openStore({ path });
      const cell = await CellHost.open('c', options(store));
      cell.devices.join(deviceHello('a', { targets: [] }), link);
      cell.devices.report(
        'a',
        deviceState({ targets: [edge(), { ...edge(), report: nodeReport('cloud-1', 'cloud') }] }),
      );
      await cell.journal({ ...from, batch: numbered(1) });
      cell.orchestrator[Symbol.dispose]();
    }
    await using store = await openStore({ path });
    const events: string[] = [];
    const create = () => {
      const learner = createFastestMean();
      const { observe, learn } = learner;
      learner.observe = (observation) => {
        events.push(`observe ${observation.cell.nodes.map(({ id }) => id).join()}`);
        observe(observation);
      };
      learner.learn = (outcomes) => {
        events.push(`learn ${outcomes.length}`);
        learn(outcomes);
      };
      return learner;
    };
    await using _cell = await CellHost.open('c', options(store, { learners: { names, create } }));
    expect(events).toEqual(['observe cloud-1,edge-1', 'learn 1']);
  });

  it('holds the same true of variants after a restart, though its devices come back in another order', async () => {
    const path = newPath();
    const told: unknown[] = [];
    const logger = { ...silentLogger, warn: (fields: object) => void told.push(fields) };
    const seen: CellObservation[] = [];
    const create = () => {
      const learner = createFastestMean();
      const { observe } = learner;
      learner.observe = (observation) => {
        seen.push(observation);
        observe(observation);
      };
      return learner;
    };
    const more = { logger, learners: { names, create } };
    const invented = variants.map((variant) => ({ ...variant, accuracy: 1 }));
    {
      await using store = await openStore({ path });
      await using cell = await CellHost.open('c', options(store, more));
      for (const id of ['z', 'm']) cell.devices.join(deviceHello(id), link);
      cell.devices.join(deviceHello('a', { variants: invented }), link);
      // The deviant has a plan all the same.
      expect(cell.orchestrator.decide('a').placement).toBeDefined();
    }
    expect(told).toMatchObject([
      { deviceId: 'a', claimed: { name: 'small', accuracy: 1 }, established: { accuracy: 0.7 } },
      { deviceId: 'a', claimed: { name: 'large', accuracy: 1 }, established: { accuracy: 0.9 } },
    ]);
    const before = seen.at(-1)!;
    await using store = await openStore({ path });
    await using _cell = await CellHost.open('c', options(store, more));
    const { cell, loads } = seen.at(-1)!;
    expect({ cell, loads }).toEqual({ cell: before.cell, loads: before.loads });
    expect(cell.variants.map(({ name, accuracy }) => [name, accuracy])).toEqual([
      ['large', 0.9],
      ['small', 0.7],
    ]);
  });

  it('opens, learns and takes a learner while no device has anything to run', async () => {
    const path = newPath();
    const names = ['q-learning', 'dqn'];
    const create = (name: string) => createLearner(name, { random: seededRandom(1) });
    const more = { learner: 'q-learning', learners: { names, create } };
    const local = nodeReport('a', 'device', { services: {} });
    {
      await using store = await openStore({ path });
      await using cell = await CellHost.open('c', options(store, more));
      cell.devices.join(deviceHello('a', { local, targets: [edge({ reachable: false })] }), link);
      expect(await cell.journal({ ...from, batch: numbered(1) })).toBe(1);
      expect(cell.orchestrator.status().outcomes).toBe(1);
    }
    await using store = await openStore({ path });
    await using cell = await CellHost.open('c', options(store, more));
    expect(cell.orchestrator.status().outcomes).toBe(1);
    await cell.setLearner('dqn');
    expect(cell.orchestrator.learner.name).toBe('dqn');
  });

  it('changes its learner altogether or not at all', async () => {
    await using store = await openStore({ path: newPath() });
    const create = (name: string) => {
      const learner: Learner = createFastestMean(name);
      if (name === 'other')
        learner.observe = () => {
          throw new TypeError('broken');
        };
      return learner;
    };
    await using cell = await CellHost.open('c', options(store, { learners: { names, create } }));
    cell.devices.join(deviceHello('a'), link);
    const { placement } = cell.orchestrator.decide('a');
    await expect(cell.setLearner('other')).rejects.toThrow(TypeError);
    expect(cell.orchestrator.status()).toMatchObject({
      learner: 'fastest-mean',
      devices: [{ deviceId: 'a', planned: placement }],
    });
    expect(await store.load('c')).not.toMatchObject({ learner: 'other' });
  });

  it('keeps objective and learner over a restart, and forgets devices that left', async () => {
    const path = newPath();
    const objective = { ...defaultObjective, accuracyFloor: 0.8 };
    {
      await using store = await openStore({ path });
      const clock = new FakeClock(5_000);
      await using cell = await CellHost.open('c', options(store, { clock }));
      cell.devices.join(deviceHello('a'), link);
      await cell.setObjective(objective);
      await cell.setLearner('other');
      cell.devices.leave('a', link);
      clock.advance(12_000);
    }
    await using store = await openStore({ path });
    await using cell = await CellHost.open('c', options(store));
    expect(cell.orchestrator.status()).toMatchObject({ learner: 'other', objective, devices: [] });
  });

  it('gives every learner back what it knew', async () => {
    await using store = await openStore({ path: newPath() });
    await using cell = await CellHost.open('c', options(store));
    cell.devices.join(deviceHello('a'), link);
    await cell.journal({ ...from, batch: numbered(1, 2, 3) });
    await cell.setLearner('other');
    expect(cell.orchestrator.status()).toMatchObject({ learner: 'other', outcomes: 0 });
    await cell.journal({ ...from, batch: numbered(4) });
    await cell.setLearner('fastest-mean');
    expect(cell.orchestrator.status()).toMatchObject({ learner: 'fastest-mean', outcomes: 3 });
    await cell.setLearner('other');
    expect(cell.orchestrator.status()).toMatchObject({ learner: 'other', outcomes: 1 });
  });

  it('starts a cell warm from the snapshot of another, and refuses what is none', async () => {
    await using store = await openStore({ path: newPath() });
    await using cell = await CellHost.open('c', options(store));
    await cell.journal({ ...from, batch: numbered(1, 2, 3) });
    const snapshot = JSON.parse((await cell.exportSnapshot()).text) as LearnerSnapshot;
    await using other = await CellHost.open('d', options(store));
    await other.importSnapshot('fastest-mean', snapshot);
    expect(other.orchestrator.status().outcomes).toBe(3);
    const broken = { ...snapshot, state: 'gone' };
    await expect(other.importSnapshot('fastest-mean', broken)).rejects.toMatchObject({
      status: 'INVALID_ARGUMENT',
    });
    expect(other.orchestrator.status().outcomes).toBe(3);
  });

  it('learns from the whole journal when the stored snapshot is of no use', async () => {
    const path = newPath();
    {
      await using store = await openStore({ path });
      await using cell = await CellHost.open('c', options(store));
      await cell.journal({ ...from, batch: numbered(1, 2, 3) });
      await cell.save();
      await store.change('c', { snapshots: [{ learner: 'other', position: 2, state: '{"learner":"x"}' }] });
      await store.change('c', { learner: 'other' });
    }
    await using store = await openStore({ path });
    await using cell = await CellHost.open('c', options(store));
    expect(cell.orchestrator.status()).toMatchObject({ learner: 'other', outcomes: 3 });
  });

  it('pushes versions that rise over restarts, and even when the disk is lost', async () => {
    const path = newPath();
    const versions: number[] = [];
    for (const [file, now] of [
      [path, 5_000],
      [path, 5_001],
      [path, 4_000],
      [newPath(), 9_000],
    ] as const) {
      await using store = await openStore({ path: file });
      const clock = new FakeClock(now);
      await using cell = await CellHost.open('c', options(store, { clock }));
      cell.devices.join(deviceHello('a'), { push: ({ version }) => versions.push(version), end() {} });
      clock.advance(0);
    }
    expect(versions).toHaveLength(4);
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
  });

  it('acknowledges nothing when the disk does not take it', async () => {
    const store = await openStore({ path: newPath() });
    const cell = await CellHost.open('c', options(store));
    await store[Symbol.asyncDispose]();
    await expect(cell.journal({ ...from, batch: numbered(1) })).rejects.toMatchObject({
      status: 'UNAVAILABLE',
    });
    expect(cell.orchestrator.status().outcomes).toBe(0);
    cell.orchestrator[Symbol.dispose]();
  });
});
