import { FakeClock, type Logger, silentLogger } from '@weir/base';
import { defaultObjective } from '@weir/domain';
import { openStore } from '@weir/storage';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { deviceHello, outcome } from '../sessions/agent.fixture.ts';
import { Attendance } from './attendance.ts';
import { besideMark, Cells } from './cells.ts';
import { createFastestMean } from './learner.fixture.ts';
import { agent } from './orchestrator.fixture.ts';

const directory = mkdtempSync(join(tmpdir(), 'weir-attendance-'));
afterAll(() => rmSync(directory, { recursive: true }));
let files = 0;
/** For a busy machine. */
const patient = { timeout: 30_000 };

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

interface Start {
  readonly expireMs?: number | undefined;
  readonly path?: string;
  /** When the service starts. */
  readonly at?: number;
}

/** Cells that expire after an hour. */
async function start({ path = join(directory, `${files++}.db`), at = 5_000, ...options }: Start = {}) {
  const expireMs = 'expireMs' in options ? options.expireMs : hourMs;
  const clock = new FakeClock(at);
  const warned: object[] = [];
  const logger: Logger = { ...silentLogger, warn: (told) => void warned.push(told) };
  const expired: string[] = [];
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await openStore({ path }));
  const cells = stack.use(
    new Cells({
      store,
      clock,
      logger,
      errors: { report: () => {} },
      learners: { names: ['fastest-mean'], create: () => createFastestMean() },
      learner: 'fastest-mean',
      objective: defaultObjective,
      times: { leaseMs: hourMs, replanMs: hourMs, leastReplanMs: hourMs, graceMs: 10_000 },
      maxDevices: 10,
      maxCells: 10,
      snapshotMs: hourMs,
      idleMs: 10 * minuteMs,
    }),
  );
  await cells.openStored();
  stack.use(
    new Attendance({ cells, store, clock, logger, expireMs, onExpired: (cellId) => expired.push(cellId) }),
  );
  /** A device joins and has an outcome learned; the call that comes back has it leave. */
  const joins = async (cellId: string) => {
    const { link, ended } = agent();
    const cell = await cells.open(cellId);
    cell.devices.join(deviceHello('a'), link);
    const outcomes = [{ sequence: 1, outcome: outcome('a') }];
    await cell.journal({ deviceId: 'a', instanceId: 'i', batch: { oldestPending: 0, outcomes } });
    return { leave: () => cell.devices.leave('a', link), ended };
  };
  const owned = stack.move();
  return {
    clock,
    store,
    cells,
    warned,
    expired,
    join: joins,
    path,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What is stored, a look later: each waits for what the one before has begun. */
function afterALook({ clock, store }: Awaited<ReturnType<typeof start>>) {
  clock.advance(5_000);
  return store.cells();
}

/** What is stored when all that one look may have begun is done: there is no event of nothing being deleted. */
async function afterwards(opened: Awaited<ReturnType<typeof start>>) {
  for (let look = 0; look < 10; look++) await afterALook(opened);
  return opened.store.cells();
}

describe('a cell that nobody joins', () => {
  it('expires, with all that is stored of it, and log and metric are told', async () => {
    await using opened = await start();
    const { clock, cells, store, expired, warned } = opened;
    (await opened.join('left')).leave();
    await opened.join('attended');
    clock.advance(55 * minuteMs);
    expect(await store.cells()).toEqual(['attended', 'left']);
    clock.advance(10 * minuteMs);
    await expect.poll(() => afterALook(opened), patient).toEqual(['attended']);
    await expect.poll(() => expired, patient).toEqual(['left']);
    expect(warned).toContainEqual({ cellId: 'left', expireMs: hourMs });
    await expect(cells.get('left')).rejects.toThrow(/there is no cell/);
    expect(await cells.names()).toEqual(['attended']);
  });

  it('stands as long as a device is connected, and after that for the whole time', async () => {
    await using opened = await start();
    const { clock } = opened;
    const device = await opened.join('c');
    clock.advance(5 * hourMs);
    device.leave();
    clock.advance(59 * minuteMs);
    expect(await afterwards(opened)).toEqual(['c']);
    clock.advance(2 * minuteMs);
    await expect.poll(() => afterALook(opened), patient).toEqual([]);
  });

  it('stands as long as a device is connected to a cell beside it', async () => {
    await using opened = await start();
    (await opened.join('c')).leave();
    await opened.join(`c${besideMark}7`);
    opened.clock.advance(70 * minuteMs);
    // It is closed now: nobody uses it.
    await afterwards(opened);
    opened.clock.advance(5 * hourMs);
    expect(await afterwards(opened)).toEqual(['c', `c${besideMark}7`]);
  });

  it('stays while it is being opened, perhaps for a device', async () => {
    await using opened = await start();
    const opening = opened.cells.open('c');
    expect(await opened.cells.removeUnattended('c')).toBe(false);
    expect((await opening).closed.aborted).toBe(false);
  });

  it('does not expire in the first hour of a service that was away for long', async () => {
    const path = await (async () => {
      await using opened = await start();
      (await opened.join('c')).leave();
      return opened.path;
    })();
    await using opened = await start({ path, at: 100 * hourMs });
    opened.clock.advance(59 * minuteMs);
    expect(await afterwards(opened)).toEqual(['c']);
    await opened.join('c');
    opened.clock.advance(5 * hourMs);
    expect(await afterwards(opened)).toEqual(['c']);
  });

  it('stays where no time is set', async () => {
    await using opened = await start({ expireMs: undefined });
    (await opened.join('c')).leave();
    opened.clock.advance(5 * hourMs);
    expect(await afterwards(opened)).toEqual(['c']);
  });

  it('stays when an operator has prepared it and nobody has ever joined', async () => {
    await using opened = await start();
    await (await opened.cells.open('prepared')).setObjective({ ...defaultObjective, deadlineMs: 5_000 });
    opened.clock.advance(5 * hourMs);
    expect(await afterwards(opened)).toEqual(['prepared']);
  });
});

describe('a cell that is deleted', () => {
  it('tells its devices, leaves the disk with the cells beside it, and opens anew when one joins again', async () => {
    await using opened = await start();
    const { cells, store } = opened;
    const device = await opened.join('c');
    await opened.join(`c${besideMark}7`);
    await opened.join('other');
    expect(await cells.remove('c')).toEqual({ cellIds: ['c', `c${besideMark}7`], sessionsEnded: 2 });
    expect(device.ended).toMatchObject([{ status: 'ABORTED', reason: 'CELL_DELETED' }]);
    expect(await store.cells()).toEqual(['other']);
    await opened.join('c');
    expect((await cells.summary('c'))?.outcomes).toBe(1);
    expect((await cells.get('c')).orchestrator.status().outcomes).toBe(1);
  });

  it('takes nothing from a session that has not ended yet', async () => {
    await using opened = await start();
    await opened.join('c');
    const before = await opened.cells.get('c');
    await opened.cells.remove('c');
    const outcomes = [{ sequence: 2, outcome: outcome('a') }];
    const late = before.journal({ deviceId: 'a', instanceId: 'i', batch: { oldestPending: 0, outcomes } });
    await expect(late).rejects.toMatchObject({ reason: 'CELL_DELETED' });
    expect(await opened.store.cells()).toEqual([]);
  });

  it('is none to those who ask for it meanwhile', async () => {
    await using opened = await start();
    const { cells, store } = opened;
    await opened.join('c');
    const removed = cells.remove('c');
    while (cells.openWhere((cellId) => cellId === 'c').length > 0) await new Promise(setImmediate);
    await expect(cells.get('c')).rejects.toThrow('there is no cell c');
    await removed;
    expect(await store.cells()).toEqual([]);
  });

  it('is told of when there is none', async () => {
    await using opened = await start();
    await expect(opened.cells.remove('nowhere')).rejects.toThrow('there is no cell nowhere');
  });
});

describe('the list of cells', () => {
  it('tells of each who is there, what is stored, and when somebody was', async () => {
    await using opened = await start();
    const { clock, cells } = opened;
    await opened.join('attended');
    (await opened.join('left')).leave();
    clock.advance(20 * minuteMs);
    expect(await cells.summary('attended')).toMatchObject({ isOpen: true, connected: 1, joinedAgeMs: 0 });
    expect(await cells.summary('left')).toMatchObject({
      connected: 0,
      outcomes: 1,
      joinedAgeMs: 20 * minuteMs,
    });
    expect(await cells.summary('nowhere')).toBeUndefined();
  });
});
