import { FakeClock, type Logger, NotFound, silentLogger, Unavailable } from '@weir/base';
import { defaultObjective } from '@weir/domain';
import { openStore } from '@weir/storage';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { deviceHello, outcome } from '../sessions/agent.fixture.ts';
import { CellHost } from './host.ts';
import { createFastestMean } from './learner.fixture.ts';

const directory = mkdtempSync(join(tmpdir(), 'weir-versions-'));
afterAll(() => rmSync(directory, { recursive: true }));
let files = 0;
/** For a busy machine. */
const patient = { timeout: 30_000 };

const hourMs = 3_600_000;
const names = ['fastest-mean', 'other'];

/** A cell that keeps a version every hour. `learn` has it learn so many outcomes more. */
async function opened(path = join(directory, `${files++}.db`), logger: Logger = silentLogger) {
  const clock = new FakeClock(5_000);
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await openStore({ path }));
  const cell = stack.use(
    await CellHost.open('c', {
      store,
      clock,
      logger,
      learners: { names, create: (name) => createFastestMean(name) },
      learner: 'fastest-mean',
      objective: defaultObjective,
      times: { leaseMs: 5_000, replanMs: 1_000, leastReplanMs: 100, graceMs: 10_000 },
      maxDevices: 10,
      errors: { report: () => {} },
      snapshotMs: 10_000,
      versionMs: hourMs,
    }),
  );
  cell.devices.join(deviceHello('a'), { push() {}, end() {} });
  let sequence = cell.orchestrator.status().outcomes;
  const learn = (count: number) =>
    cell.journal({
      deviceId: 'a',
      instanceId: 'i',
      batch: {
        oldestPending: 0,
        outcomes: Array.from({ length: count }, () => ({ sequence: ++sequence, outcome: outcome('a') })),
      },
    });
  const kept = async () =>
    (await cell.versions.list()).map(({ number, why, outcomes }) => [number, why, outcomes]);
  const outcomes = () => cell.orchestrator.status().outcomes;
  const owned = stack.move();
  return {
    clock,
    store,
    cell,
    learn,
    kept,
    outcomes,
    path,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

describe('versions of what a learner knew', () => {
  it('are kept from time to time, while it learns', async () => {
    await using open = await opened();
    const { clock, learn, kept } = open;
    await learn(3);
    clock.advance(10_000);
    await expect.poll(kept, patient).toEqual([[1, 'regular', 3]]);
    await learn(1);
    clock.advance(hourMs - 20_000);
    expect(await kept()).toHaveLength(1);
    await learn(1);
    clock.advance(20_000);
    await expect.poll(kept, patient).toEqual([
      [2, 'regular', 5],
      [1, 'regular', 3],
    ]);
    clock.advance(5 * hourMs);
    expect(await kept()).toHaveLength(2);
  });

  it('are kept a moment later where the disk did not take one', async () => {
    await using open = await opened();
    const { clock, store, learn, kept } = open;
    await learn(3);
    const change = vi.spyOn(store, 'change').mockRejectedValueOnce(new Unavailable('the disk is full'));
    clock.advance(10_000);
    await expect.poll(() => change.mock.settledResults[0]?.type).toBe('rejected');
    expect(await kept()).toEqual([]);
    clock.advance(10_000);
    await expect.poll(kept, patient).toEqual([[1, 'regular', 3]]);
  });

  it('go on over a restart by the same clock', async () => {
    const path = await (async () => {
      await using open = await opened();
      await open.learn(3);
      open.clock.advance(10_000);
      await expect.poll(open.kept, patient).toHaveLength(1);
      return open.path;
    })();
    await using open = await opened(path);
    await open.learn(1);
    open.clock.advance(10_000);
    expect(await open.kept()).toHaveLength(1);
  });

  it('are kept before an operator changes the learner, whatever it was', async () => {
    await using open = await opened();
    const { cell, learn, kept } = open;
    await learn(3);
    const known = cell.orchestrator.learner.snapshot();
    await learn(1);
    await cell.importSnapshot('fastest-mean', known);
    await cell.setLearner('other');
    await cell.rollBack(1);
    expect(await kept()).toEqual([
      [3, 'before rollback', 0],
      [2, 'before learner set', 3],
      [1, 'before import', 4],
    ]);
  });
});

describe('a rollback', () => {
  it('puts the learner back, keeps what it knew, tells of it, and holds over a restart', async () => {
    const path = await (async () => {
      const warned: object[] = [];
      await using open = await opened(undefined, { ...silentLogger, warn: (told) => void warned.push(told) });
      const { cell, clock, learn, kept, outcomes } = open;
      await learn(3);
      clock.advance(10_000);
      await expect.poll(kept, patient).toHaveLength(1);
      await learn(2);
      expect(await cell.rollBack(0)).toMatchObject({ restored: { number: 1, outcomes: 3 }, kept: 2 });
      expect(outcomes()).toBe(3);
      expect(warned).toContainEqual(expect.objectContaining({ version: 1, kept: 2 }));
      clock.advance(1_000);
      expect(cell.restored).toEqual({ count: 1, learner: 'fastest-mean', version: 1, ageMs: 1_000 });

      // Without a number again: not to what the rollback itself has kept.
      expect((await cell.rollBack(0)).restored.number).toBe(1);
      expect((await cell.rollBack(2)).restored.number).toBe(2);
      expect(outcomes()).toBe(5);
      await cell.rollBack(1);
      await learn(1);
      return open.path;
    })();
    await using open = await opened(path);
    // What it had forgotten stays so, and what came after is there.
    expect(open.outcomes()).toBe(4);
  });

  it('to another learner puts that one in charge', async () => {
    await using open = await opened();
    await open.learn(3);
    await open.cell.setLearner('other');
    expect((await open.cell.rollBack(0)).restored.learner).toBe('fastest-mean');
    expect(open.cell.orchestrator.learner.name).toBe('fastest-mean');
  });

  it('is refused where there is nothing to go back to, naming what there is', async () => {
    await using open = await opened();
    await expect(open.cell.rollBack(0)).rejects.toThrow(/no version has been kept/);
    await open.learn(1);
    await open.cell.setLearner('other');
    await expect(open.cell.rollBack(7)).rejects.toThrow(NotFound);
    await expect(open.cell.rollBack(7)).rejects.toThrow('there is no version 7; kept are 1');
  });

  it('to a version that was damaged is refused, and changes nothing', async () => {
    const path = await (async () => {
      await using open = await opened();
      await open.learn(3);
      await open.cell.setLearner('other');
      return open.path;
    })();
    const database = new DatabaseSync(path);
    database.exec(`update version set state = replace(state, '3', '4')`);
    database.close();
    await using open = await opened(path);
    await expect(open.cell.rollBack(1)).rejects.toMatchObject({ reason: 'VERSION_DAMAGED' });
    expect(open.cell.orchestrator.learner.name).toBe('other');
    expect(await open.kept()).toHaveLength(1);
  });
});
