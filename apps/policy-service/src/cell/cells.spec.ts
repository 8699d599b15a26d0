import { FakeClock, InvalidInput, type Logger, silentLogger, Unavailable } from '@weir/base';
import { defaultObjective } from '@weir/domain';
import { QuotaExceeded } from '@weir/rpc';
import { cellFenced, cellOwnedElsewhere, openStore, type Store } from '@weir/storage';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { deviceHello, outcome } from '../sessions/agent.fixture.ts';
import { agent } from './orchestrator.fixture.ts';
import { Cells, type CellsOptions } from './cells.ts';
import { createFastestMean } from './learner.fixture.ts';
import type { InternalErrors } from '../internal-errors.ts';

const directory = mkdtempSync(join(tmpdir(), 'weir-cells-'));
afterAll(() => rmSync(directory, { recursive: true }));
let files = 0;

/** A store with two cells, of one device and one outcome each. */
async function twoCells(): Promise<string> {
  const path = join(directory, `${files++}.db`);
  await using store = await openStore({ path });
  await using cells = new Cells(options({ store }));
  for (const cellId of ['east', 'west']) {
    const cell = await cells.open(cellId);
    cell.devices.join(deviceHello('a'), agent().link);
    await cell.setObjective({ ...defaultObjective, deadlineMs: 5_000 });
    const outcomes = [1, 2].map((sequence) => ({ sequence, outcome: outcome('a') }));
    await cell.journal({ deviceId: 'a', instanceId: 'i', batch: { oldestPending: 1, outcomes } });
  }
  return path;
}

function options({ store, ...more }: Pick<CellsOptions, 'store'> & Partial<CellsOptions>): CellsOptions {
  return {
    store,
    clock: new FakeClock(5_000),
    logger: silentLogger,
    errors: { report: () => {} },
    learners: { names: ['fastest-mean'], create: () => createFastestMean() },
    learner: 'fastest-mean',
    objective: defaultObjective,
    times: { leaseMs: 5_000, replanMs: 1_000, leastReplanMs: 100, graceMs: 10_000 },
    maxDevices: 10,
    maxCells: 10,
    snapshotMs: 10_000,
    ...more,
  };
}

function damage(path: string, statement: string): void {
  const database = new DatabaseSync(path);
  database.exec(statement);
  database.close();
}

const west = `(select id from cell where name = 'west')`;

describe('Cells', () => {
  it.each(['get', 'open'] as const)(
    'sets a cell aside that cannot be opened, names it, serves the others and tries again by %s later',
    async (ask) => {
      const path = await twoCells();
      damage(path, `update cell set objective = '{"accuracyFloor":7}' where name = 'west'`);
      await using store = await openStore({ path });
      const clock = new FakeClock(5_000);
      const named: unknown[] = [];
      const logger: Logger = { ...silentLogger, error: (fields) => void named.push(fields) };
      await using cells = new Cells(options({ store, clock, logger }));
      await cells.openStored();
      expect((await cells.get('east')).orchestrator.objective.deadlineMs).toBe(5_000);
      expect(named).toMatchObject([{ cellId: 'west' }]);
      expect(cells.setAside).toBe(1);
      await expect(cells.get('west')).rejects.toMatchObject({ reason: 'CELL_SET_ASIDE' });
      await expect(cells.open('west')).rejects.toThrow(Unavailable);
      await expect(cells.open('west')).rejects.toThrow(/accuracyFloor/);

      await store.change('west', { objective: JSON.stringify(defaultObjective) });
      await expect(cells[ask]('west')).rejects.toThrow(Unavailable);
      clock.advance(30_000);
      expect((await cells[ask]('west')).orchestrator.objective).toEqual(defaultObjective);
      expect(cells.setAside).toBe(0);
    },
  );

  it('names stored cells that are more than it may hold', async () => {
    await using store = await openStore({ path: await twoCells() });
    const named: unknown[] = [];
    const logger: Logger = { ...silentLogger, error: (fields) => void named.push(fields) };
    await using cells = new Cells(options({ store, logger, maxCells: 1 }));
    await cells.openStored();
    expect(named).toMatchObject([{ cellId: 'west' }]);
    expect(cells.setAside).toBe(1);
    await expect(cells.get('west')).rejects.toThrow(/--max-cells/);
  });

  const spoilt = (more: object) =>
    `insert into experience(cell, outcome) values (${west}, '${JSON.stringify({ ...outcome('a'), ...more })}')`;

  it.each([
    ['member', `insert into member values (${west}, 'z', '{"foreign":true}')`],
    ['member that is no JSON', `insert into member values (${west}, 'z', 'x')`],
    ['outcome', `insert into experience(cell, outcome) values (${west}, '{"deviceId"')`],
    ['outcome that is no object', `insert into experience(cell, outcome) values (${west}, 'null')`],
    ['outcome without a response time', spoilt({ responseMs: null })],
    ['outcome of a tier that is none', spoilt({ placement: { tier: 'x', nodeId: 'e', variant: 'v' } })],
  ])('opens a cell with a foreign %s without it, and names it', async (_, statement) => {
    const path = await twoCells();
    damage(path, statement);
    await using store = await openStore({ path });
    const reported: unknown[][] = [];
    const errors: InternalErrors = { report: (...report) => void reported.push(report) };
    await using cells = new Cells(options({ store, errors }));
    await cells.openStored();
    const { orchestrator } = await cells.get('west');
    expect(orchestrator.status().devices.map(({ deviceId }) => deviceId)).toEqual(['a']);
    expect(orchestrator.learner.status().outcomes).toBe(2);
    expect(cells.setAside).toBe(0);
    const row = statement.includes('member') ? { deviceId: 'z' } : { position: 5 };
    expect(reported).toEqual([['replay', expect.any(InvalidInput), { cellId: 'west', ...row }]]);
  });

  it('learns the journal again where a snapshot is of no use', async () => {
    const path = await twoCells();
    damage(path, `update snapshot set state = 'x' where cell = ${west}`);
    await using store = await openStore({ path });
    await using cells = new Cells(options({ store }));
    await cells.openStored();
    expect((await cells.get('west')).orchestrator.learner.status().outcomes).toBe(2);
  });

  describe('of one caller', () => {
    const caller = (id: string, role?: 'device' | 'operator') => ({ id, connection: `${id}:1`, role });
    const setUp = async (more: Partial<CellsOptions>) => {
      const clock = new FakeClock(5_000);
      const cleanUps = new AsyncDisposableStack();
      const store = cleanUps.use(await openStore({ path: join(directory, `${files++}.db`) }));
      const cells = cleanUps.use(new Cells(options({ store, clock, maxCells: 32, ...more })));
      const joined = async (cellId: string, by: ReturnType<typeof caller>) =>
        (await cells.open(cellId, { by })).devices.join(deviceHello('a'), agent().link);
      return { clock, cells, join: joined, [Symbol.asyncDispose]: () => cleanUps.disposeAsync() };
    };

    it('are no more than its quota, which the refusal names with the cure; others open theirs', async () => {
      await using opened = await setUp({ cellsPerCaller: 2 });
      const { clock, cells, join } = opened;
      for (const cellId of ['a-1', 'a-2']) await join(cellId, caller('a'));
      clock.advance(60_000);
      await expect(cells.open('a-3', { by: caller('a') })).rejects.toThrow(
        /^a has 2 cells, .* raise --cells-per-caller/,
      );
      await cells.open('a-1', { by: caller('a') });
      await cells.open('b-1', { by: caller('b') });
    });

    it('give up their place to one another as they are idle, and never the place of others’', async () => {
      await using opened = await setUp({ cellsPerCaller: 2 });
      const { clock, cells } = opened;
      const other = await cells.open('b-1', { by: caller('b') });
      clock.advance(1);
      const first = await cells.open('a-1', { by: caller('a') });
      await cells.open('a-2', { by: caller('a') });
      await expect(cells.open('a-3', { by: caller('a') })).rejects.toThrow(QuotaExceeded);
      clock.advance(2_000);
      await cells.open('a-3', { by: caller('a') });
      expect(first.closed.aborted).toBe(true);
      expect(other.closed.aborted).toBe(false);
    });

    it('leave some for operators, where there are certificates', async () => {
      await using opened = await setUp({});
      const { cells, join } = opened;
      for (let at = 0; at < 30; at++) await join(`cell-${at}`, caller(`device-${at}`, 'device'));
      await expect(cells.open('more', { by: caller('device-31', 'device') })).rejects.toThrow(/--max-cells/);
      await cells.open('mine', { by: caller('ada', 'operator') });
      await cells.open('without certificates', { by: caller('10.0.0.1') });
      await expect(cells.open('more', { by: caller('bob', 'operator') })).rejects.toThrow(/--max-cells/);
    });
  });

  describe('that nobody uses', () => {
    const idle = { maxCells: 3, idleMs: 60_000 };
    const setUp = async (path = join(directory, `${files++}.db`)) => {
      const clock = new FakeClock(5_000);
      const store = await openStore({ path });
      const cells = new Cells(options({ store, clock, ...idle }));
      const flood = async (...cellIds: string[]) => {
        for (const cellId of cellIds) {
          const a = agent();
          const cell = await cells.open(cellId);
          cell.devices.join(deviceHello('a'), a.link);
          cell.devices.leave('a', a.link);
        }
      };
      const close = async () => {
        await cells[Symbol.asyncDispose]();
        await store[Symbol.asyncDispose]();
      };
      return { clock, store, cells, flood, path, [Symbol.asyncDispose]: close };
    };

    it('are closed after a while, and opened again as they were when they are asked for', async () => {
      await using opened = await setUp(await twoCells());
      const { clock, cells } = opened;
      await cells.openStored();
      const before = await cells.get('east');
      clock.advance(10_000);
      clock.advance(50_000);
      expect(before.closed.aborted).toBe(false);
      clock.advance(25_000);
      expect(before.closed.aborted).toBe(true);
      expect(cells.figures()).toEqual([]);
      const { orchestrator } = await cells.get('east');
      expect(orchestrator.objective.deadlineMs).toBe(5_000);
      expect(orchestrator.learner.status().outcomes).toBe(2);
    });

    it('make room for one that is asked for, those with devices do not', async () => {
      await using opened = await setUp();
      const { clock, cells, flood } = opened;
      await flood('made-up-1', 'made-up-2', 'made-up-3');
      await expect(cells.open('honest')).rejects.toThrow(/--max-cells/);
      clock.advance(10_000);
      clock.advance(5_000);
      const honest = await cells.open('honest');
      honest.devices.join(deviceHello('camera'), agent().link);
      await flood('made-up-4', 'made-up-5');
      await expect(cells.open('made-up-6')).rejects.toThrow(/--max-cells/);
      expect(honest.closed.aborted).toBe(false);
    });

    it('are forgotten where nothing was ever chosen for them nor learned', async () => {
      await using opened = await setUp();
      const { clock, cells, store, flood } = opened;
      await flood('made-up');
      await (await cells.open('chosen')).setObjective({ ...defaultObjective, deadlineMs: 5_000 });
      clock.advance(10_000);
      clock.advance(65_000);
      await expect.poll(() => store.cells()).toEqual(['chosen']);
      await expect(cells.get('made-up')).rejects.toThrow(/there is no cell/);
    });

    it('keep nobody out after a restart', async () => {
      const path = await (async () => {
        await using opened = await setUp();
        await opened.flood('made-up-1', 'made-up-2', 'made-up-3');
        return opened.path;
      })();
      await using opened = await setUp(path);
      await opened.cells.openStored();
      opened.clock.advance(15_000);
      await opened.cells.open('honest');
    });
  });
});

describe('Cells of a store that processes share', () => {
  /** The cells over a store where another process owns those in `elsewhere`. */
  async function shared() {
    const path = await twoCells();
    const file = await openStore({ path });
    const elsewhere = new Set<string>();
    const released: string[] = [];
    let epoch = 40;
    const store: Store = {
      ...file,
      share: async () => {},
      async claim(cellId, { evenOwned = false } = {}) {
        if (elsewhere.has(cellId) && !evenOwned)
          throw new Unavailable('go there', { reason: cellOwnedElsewhere, info: { owner: 'b:1' } });
        return ++epoch;
      },
      release: async (cellId) => void released.push(cellId),
    };
    const clock = new FakeClock(5_000);
    return { cells: new Cells(options({ store, clock })), store, clock, elsewhere, released };
  }

  it('opens a cell when it is asked for, under the epoch of its claim', async () => {
    const { cells, store, clock } = await shared();
    await using _store = store;
    await using _cells = cells;
    await cells.openStored();
    expect(cells.openWhere(() => true)).toEqual([]);
    await expect(cells.get('north')).rejects.toMatchObject({ status: 'NOT_FOUND' });
    const west = await cells.get('west');
    expect(west.orchestrator.objective.deadlineMs).toBe(5_000);
    const { link, directives } = agent();
    west.devices.join(deviceHello('a'), link);
    clock.advance(1_000);
    expect(directives.map(({ ownerEpoch }) => ownerEpoch)).toEqual(directives.map(() => 41));
    expect(directives.length).toBeGreaterThan(0);
  });

  it('says who owns a cell, and opens it as soon as that one does no more', async () => {
    const { cells, store, elsewhere } = await shared();
    await using _store = store;
    await using _cells = cells;
    elsewhere.add('west');
    for (const ask of ['get', 'open'] as const)
      await expect(cells[ask]('west')).rejects.toMatchObject({
        reason: cellOwnedElsewhere,
        info: { owner: 'b:1' },
      });
    expect(cells.setAside).toBe(0);
    elsewhere.clear();
    await cells.open('west');
  });

  it('leaves a cell that another process has taken over, with those beside it', async () => {
    const { cells, store, elsewhere, released } = await shared();
    await using _store = store;
    await using _cells = cells;
    elsewhere.add('west~family-x');
    const [west, beside, east] = [
      await cells.open('west'),
      await cells.open('west~family-x'),
      await cells.open('east'),
    ];
    const { link, ended } = agent();
    west.devices.join(deviceHello('b'), link);
    cells.lose('west');
    expect(ended).toMatchObject([{ status: 'UNAVAILABLE', reason: cellFenced }]);
    expect([west, beside, east].map(({ closed }) => closed.aborted)).toEqual([true, true, false]);
    expect(released.sort()).toEqual(['west', 'west~family-x']);
    expect(await cells.open('west')).not.toBe(west);
  });

  it('gives all of them up when it has been cut off from the store for long', async () => {
    const { cells, store, released } = await shared();
    await using _store = store;
    await using _cells = cells;
    const [west, east] = [await cells.open('west'), await cells.open('east')];
    const { link, ended } = agent();
    west.devices.join(deviceHello('b'), link);
    cells.loseAll();
    expect(ended).toMatchObject([{ status: 'UNAVAILABLE', reason: cellFenced }]);
    expect([west, east].map(({ closed }) => closed.aborted)).toEqual([true, true]);
    expect(released.sort()).toEqual(['east', 'west']);
    expect(await cells.open('west')).not.toBe(west);
  });

  it('steers no device while another process may own its cell', async () => {
    const { cells, store, clock } = await shared();
    await using _store = store;
    await using _cells = cells;
    const west = await cells.open('west');
    const { link, directives } = agent();
    west.devices.join(deviceHello('a'), link);
    clock.advance(1_000);
    const told = directives.length;
    expect(told).toBeGreaterThan(0);
    store.mayOwn = () => false;
    clock.advance(20_000);
    expect(directives).toHaveLength(told);
    store.mayOwn = () => true;
    clock.advance(5_000);
    expect(directives.length).toBeGreaterThan(told);
  });
});
