import { FakeClock, type Logger, silentLogger } from '@weir/base';
import { defaultObjective } from '@weir/domain';
import { policy } from '@weir/proto';
import { connect, openDuplex, openServerStream } from '@weir/rpc';
import { openStore, type Store, storeFile } from '@weir/storage';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startPolicyService } from '../app.ts';
import { CellHost } from '../cell/host.ts';
import { learnersOf } from '../cell/learners.ts';
import { configSpec } from '../config.ts';
import { deviceHello, helloToWire, outcome } from '../sessions/agent.fixture.ts';
import { FleetPrior } from './fleet-prior.ts';

const directory = mkdtempSync(join(tmpdir(), 'weir-fleet-'));
afterAll(() => rmSync(directory, { recursive: true }));
let folders = 0;
const newFolder = () => {
  const folder = join(directory, `${folders++}`);
  mkdirSync(folder);
  return folder;
};

const everyMs = 60_000;
const computeMs = 150;

/** Tells what was logged above debug, with the cell that it is of. */
function listener(): { logger: Logger; told: string[] } {
  const told: string[] = [];
  const tell = ({ cellId }: { cellId?: string }, message: string) =>
    void told.push(cellId === undefined ? message : `${cellId}: ${message}`);
  return { told, logger: { ...silentLogger, info: tell, warn: tell, error: tell } };
}

function fleetOver(store: Store, { clock = new FakeClock(1e6), logger = silentLogger } = {}) {
  const openCell = (cellId: string, fleet?: FleetPrior) =>
    CellHost.open(cellId, {
      store,
      clock,
      logger,
      learners: learnersOf({ learner: 'planner', seed: 1 }),
      learner: 'planner',
      objective: defaultObjective,
      times: { leaseMs: 5_000, replanMs: 1_000, leastReplanMs: 100, graceMs: 10_000 },
      maxDevices: 10,
      errors: { report: () => {} },
      snapshotMs: 10_000,
      prior: () => fleet?.current,
    });
  return {
    clock,
    openCell,
    openPrior: () => FleetPrior.open({ store, clock, logger, everyMs }),
    /** Cells that have found that their edge takes three times as long as it says. */
    async learn(...cellIds: string[]) {
      for (const cellId of cellIds) {
        await using cell = await openCell(cellId);
        cell.devices.join(deviceHello('a'), { push() {}, end() {} });
        const outcomes = Array.from({ length: 40 }, (_, at) => ({
          sequence: at + 1,
          outcome: outcome('a', {
            hops: { agentMs: 1, uplinkMs: 5, queueMs: 0, decodeMs: 2, computeMs, downlinkMs: 4 },
          }),
        }));
        await cell.journal({ deviceId: 'a', instanceId: 'i', batch: { oldestPending: 0, outcomes } });
      }
    },
  };
}

/** How long the edge is expected to take in a cell that a device has just joined, ms. */
function expectedMs(cell: CellHost): number {
  cell.devices.join(deviceHello('new device'), { push() {}, end() {} });
  cell.orchestrator.observe();
  const actions = cell.orchestrator.learner.propose().actions.get('new device')!;
  return actions.find(({ placement: { nodeId, variant } }) => nodeId === 'edge-1' && variant === 'large')!
    .serviceMs;
}

/** A thread has to start first, on a machine that may be busy. */
const patience = { timeout: 20_000 };
const madeOf = (prior: FleetPrior, cells: number) =>
  expect.poll(() => prior.current?.cells, patience).toBe(cells);

describe('the prior of a fleet', () => {
  it('is made from what all cells have learned, and a new one begins with it at once', async () => {
    await using store = await openStore({ path: join(newFolder(), storeFile) });
    const { told, logger } = listener();
    const fleet = fleetOver(store, { logger });
    await fleet.learn('north', 'south', 'east');
    await using prior = await fleet.openPrior();
    await madeOf(prior, 3);
    await using without = await fleet.openCell('without');
    await using begun = await fleet.openCell('west', prior);
    expect(begun.orchestrator.status().priorCells).toBe(3);
    const [far, near] = [expectedMs(without), expectedMs(begun)].map((ms) => Math.abs(ms - computeMs));
    expect(near).toBeLessThan(far! / 2);
    expect(told).toEqual([
      'new cells begin with what 3 have learned',
      'west: the learner begins with what other cells have learned',
    ]);
    for (const name of ['north', 'south', 'east', '"a"', 'edge-1', 'large', 'small'])
      expect(await store.fleetPrior()).not.toContain(name);
  });

  it('is there at once after a restart, and made anew when it is old', async () => {
    await using store = await openStore({ path: join(newFolder(), storeFile) });
    const fleet = fleetOver(store);
    await fleet.learn('north');
    {
      await using prior = await fleet.openPrior();
      await madeOf(prior, 1);
    }
    await fleet.learn('south');
    await using again = await fleet.openPrior();
    expect(again.current?.cells).toBe(1);
    await fleet.clock.advanceAsync(everyMs);
    await madeOf(again, 2);
  });

  it('leaves alone what a cell has learned, over a restart too, and is for one that has learned nothing', async () => {
    await using store = await openStore({ path: join(newFolder(), storeFile) });
    const fleet = fleetOver(store);
    await fleet.learn('north', 'south');
    const before = (await store.snapshot('north', 'planner'))!.state;
    {
      await using _ = await fleet.openCell('early');
    }
    await using prior = await fleet.openPrior();
    await madeOf(prior, 2);
    await using north = await fleet.openCell('north', prior);
    expect(north.orchestrator.status()).not.toHaveProperty('priorCells');
    expect(JSON.parse((await north.exportSnapshot()).text)).toEqual(JSON.parse(before));
    await using early = await fleet.openCell('early', prior);
    expect(early.orchestrator.status().priorCells).toBe(2);
  });

  it.each(['', '{}', '{"madeAt":1e6,"prior":{"cells":1,"blocks":{"local":{"mean":[1]}},"noise":{}}}'])(
    'is none where the stored one is %j, which is told once',
    async (text) => {
      await using store = await openStore({ path: join(newFolder(), storeFile) });
      const { told, logger } = listener();
      const fleet = fleetOver(store, { logger });
      await store.setFleetPrior(text);
      await using prior = await fleet.openPrior();
      await using west = await fleet.openCell('west', prior);
      expect(west.orchestrator.status()).not.toHaveProperty('priorCells');
      for (let round = 0; round < 3; round++) await fleet.clock.advanceAsync(everyMs);
      await expect.poll(() => store.fleetPrior(), patience).not.toBe(text);
      expect(told).toEqual(['the stored prior of new cells is of no use, and is made anew']);
    },
  );

  it('leaves out a cell whose snapshot is damaged, and tells of it once', async () => {
    await using store = await openStore({ path: join(newFolder(), storeFile) });
    const { told, logger } = listener();
    const fleet = fleetOver(store, { logger });
    await fleet.learn('north', 'south');
    await store.change('broken', { snapshots: [{ learner: 'planner', position: 1, state: '{"format":1' }] });
    await using prior = await fleet.openPrior();
    await madeOf(prior, 2);
    await fleet.learn('east');
    await fleet.clock.advanceAsync(everyMs);
    await madeOf(prior, 3);
    expect(told.filter((text) => /broken/.test(text))).toHaveLength(1);
  });

  it('is shown of a cell that devices join, by a service that has it and by none that is told not to', async () => {
    const data = newFolder();
    {
      await using store = await openStore({ path: join(data, storeFile) });
      await fleetOver(store).learn('north', 'south');
    }
    const priorCells = async (cellId: string, fleetPriorMs: number) => {
      const { told, logger } = listener();
      const config = { ...configSpec.schema.parse({ data }), fleetPriorMs };
      await using app = await startPolicyService(config, { logger });
      if (fleetPriorMs > 0)
        await expect.poll(() => told, patience).toContain('new cells begin with what 2 have learned');
      await using connection = connect(app.address);
      const client = connection.client(policy.PolicyServiceClient);
      const session = openDuplex(client, client.orchestrate);
      void session.send({ message: { $case: 'hello', value: helloToWire(cellId, deviceHello('d')) } });
      await session[Symbol.asyncIterator]().next();
      const statuses = openServerStream(client, client.watchLearner, { cellId })[Symbol.asyncIterator]();
      const { value } = (await statuses.next()) as IteratorYieldResult<policy.WatchLearnerResponse>;
      return Number(value.priorCells);
    };
    expect(await priorCells('west', 0)).toBe(0);
    expect(await priorCells('east', everyMs)).toBe(2);
  });
});
