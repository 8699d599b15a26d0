import { FakeClock, silentLogger, type Steps } from '@weir/base';
import { defaultObjective } from '@weir/domain';
import type { Learner, LearnerSnapshot } from '@weir/learning';
import { openStore, type Store } from '@weir/storage';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { deviceHello, outcome } from '../sessions/agent.fixture.ts';
import { CellHost } from './host.ts';
import { createFastestMean } from './learner.fixture.ts';

const directory = mkdtempSync(join(tmpdir(), 'weir-snapshots-'));
afterAll(() => rmSync(directory, { recursive: true }));
let files = 0;

/** Rests in a snapshot. */
const rests = 3;

/** A learner of a large cell: its snapshot takes some slices, and what is learned meanwhile would be in a part of it. */
function createLarge(name: string): Learner {
  const learner = createFastestMean(name);
  return {
    ...learner,
    *snapshotInSteps(): Steps<LearnerSnapshot> {
      const { state, ...envelope } = learner.snapshot();
      for (let rest = 0; rest < rests; rest++) yield 'rest';
      const { times } = learner.snapshot().state as { times: unknown };
      return { ...envelope, state: { ...(state as object), times } };
    },
  };
}

const snapshotMs = 10_000;

async function openCell(store: Store, clock = new FakeClock(5_000)) {
  // Its first snapshot waits for nobody.
  const opening = CellHost.open('c', {
    store,
    clock,
    logger: silentLogger,
    learners: { names: ['large', 'other'], create: createLarge },
    learner: 'large',
    objective: defaultObjective,
    times: { leaseMs: 5_000, replanMs: 1e9, leastReplanMs: 1e9, graceMs: 1e9 },
    maxDevices: 10,
    errors: { report: () => {} },
    snapshotMs,
  });
  const timer = setInterval(() => clock.advance(0), 1);
  const cell = await opening.finally(() => clearInterval(timer));
  if (cell.devices.members.size === 0) cell.devices.join(deviceHello('a'), { push() {}, end() {} });
  const journal = (...sequences: number[]) =>
    cell.journal({
      ...{ deviceId: 'a', instanceId: 'i' },
      batch: {
        oldestPending: 0,
        outcomes: sequences.map((sequence) => ({
          sequence,
          outcome: outcome('a', { responseMs: sequence }),
        })),
      },
    });
  return { cell, clock, journal };
}

/** Outcomes that the learner has learned, and their mean by what it knows. */
const learned = ({ orchestrator: { learner } }: CellHost) => {
  const { outcomes, times } = learner.snapshot().state as {
    outcomes: number;
    times: [string, { count: number; meanMs: number }][];
  };
  return { outcomes, counted: times[0]?.[1].count, meanMs: times[0]?.[1].meanMs };
};

describe('a snapshot in slices', () => {
  it.each([0, 2, rests])(
    'loses nothing and doubles nothing where a crash comes after %i slices',
    async (slices) => {
      const path = join(directory, `${files++}.db`);
      {
        await using store = await openStore({ path });
        const { clock, journal } = await openCell(store);
        await journal(10, 20);
        clock.advance(snapshotMs - 1);
        // The first slice comes with the timer.
        const timers = [1, ...Array<number>(slices).fill(0)];
        let sequence = 30;
        for (const ms of timers) {
          stepOnce(clock, ms);
          await journal(sequence);
          sequence += 10;
        }
        // No farewell, as after kill -9: but what was on its way to the store may have got there.
      }
      await using store = await openStore({ path });
      const { cell } = await openCell(store);
      const count = 2 + slices + 1;
      expect(learned(cell)).toEqual({ outcomes: count, counted: count, meanMs: 5 * (count + 1) });
    },
  );

  it('is of one instant: what comes meanwhile is acknowledged at once, and learned when it is done', async () => {
    await using store = await openStore({ path: join(directory, `${files++}.db`) });
    const { cell, clock, journal } = await openCell(store);
    await journal(10, 20);
    clock.advance(snapshotMs - 1);
    stepOnce(clock, 1);
    await journal(30);
    expect(learned(cell).outcomes).toBe(2);
    clock.advance(0);
    expect(learned(cell).outcomes).toBe(3);
    await Promise.resolve();
    const stored = (await store.snapshot('c', 'large'))!;
    expect(stored.position).toBe(2);
    expect(JSON.parse(stored.state)).toMatchObject({ state: { outcomes: 2, times: [[{}, { count: 2 }]] } });
    cell.orchestrator[Symbol.dispose]();
  });

  it('is done at once where a decision cannot wait', async () => {
    await using store = await openStore({ path: join(directory, `${files++}.db`) });
    const { cell, clock } = await openCell(store);
    const exported = cell.exportSnapshot();
    expect(cell.orchestrator.decide('a').placement.variant).toBe('large');
    expect(JSON.parse((await exported).text)).toMatchObject({ state: { plans: 0 } });
    clock.advance(0);
  });

  it('does not undo what an operator has imported meanwhile', async () => {
    const path = join(directory, `${files++}.db`);
    {
      await using store = await openStore({ path });
      const { cell, clock, journal } = await openCell(store);
      await journal(10, 20);
      const known = cell.orchestrator.learner.snapshot();
      await journal(30);
      clock.advance(snapshotMs - 1);
      stepOnce(clock, 1);
      await cell.importSnapshot('large', known);
      clock.advance(0);
      await journal(40);
    }
    await using store = await openStore({ path });
    expect(learned((await openCell(store)).cell).outcomes).toBe(3);
  });
});

/** One slice: the timers that are due, but not those that they set. */
function stepOnce(clock: FakeClock, ms: number): void {
  let next = () => {};
  const after = clock.after.bind(clock);
  clock.after = (delayMs, callback) => {
    if (delayMs > 0) return after(delayMs, callback);
    next = () => after(0, callback);
    return () => (next = () => {});
  };
  clock.advance(ms);
  clock.after = after;
  next();
}
