import { FakeClock, finish, silentLogger } from '@weir/base';
import { defaultObjective, type DeviceHello } from '@weir/domain';
import { openStore } from '@weir/storage';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { deviceHello, outcome, variants } from '../sessions/agent.fixture.ts';
import { Cells } from './cells.ts';
import { Families } from './families.ts';
import { createFastestMean } from './learner.fixture.ts';
import { agent } from './orchestrator.fixture.ts';

const directory = mkdtempSync(join(tmpdir(), 'weir-families-'));
afterAll(() => rmSync(directory, { recursive: true }));
let files = 0;
let cleanUps = new AsyncDisposableStack();
afterEach(async () => {
  await cleanUps.disposeAsync();
  cleanUps = new AsyncDisposableStack();
});

/** What a device with this family says; `name`: of the family, whose models are its own. */
const helloOf = (deviceId: string, name: string, more: Partial<DeviceHello> = {}): DeviceHello =>
  deviceHello(deviceId, {
    family: { name: 'garments', version: `${name}-1` },
    variants: variants.map((variant) => ({ ...variant, checksum: `${variant.name} of ${name}` })),
    ...more,
  });

async function setUp(path = join(directory, `${files++}.db`)) {
  const clock = new FakeClock(5_000);
  const told: string[] = [];
  const store = cleanUps.use(await openStore({ path }));
  const cells = cleanUps.use(
    new Cells({
      store,
      clock,
      logger: silentLogger,
      errors: { report: () => {} },
      learners: {
        names: ['fastest-mean', 'other-mean'],
        create: (name) => createFastestMean(name),
      },
      learner: 'fastest-mean',
      objective: defaultObjective,
      times: { leaseMs: 5_000, replanMs: 1_000, leastReplanMs: 100, graceMs: 10_000 },
      maxDevices: 10,
      maxCells: 10,
      snapshotMs: 10_000,
    }),
  );
  const logger = { ...silentLogger, warn: (_fields: object, message: string) => void told.push(message) };
  const families = cleanUps.use(new Families({ cells, clock, logger }));
  const joinAs = async (hello: DeviceHello) => {
    const session = agent();
    const host = await families.join('c', hello, { link: session.link });
    return { ...session, host, leave: () => host.devices.leave(hello.deviceId, session.link) };
  };
  const statuses = async () =>
    new Map(
      finish(families.statusInSteps('c', await cells.get('c'))).devices.map((device) => [
        device.deviceId,
        device,
      ]),
    );
  return { clock, told, cells, families, joinAs, statuses, path };
}

describe('Families', () => {
  it('plan devices with the same models together, those that do not tell theirs with them', async () => {
    const { joinAs, told, statuses } = await setUp();
    const hosts = [];
    for (const hello of [helloOf('a', 'A'), helloOf('b', 'A'), deviceHello('old')])
      hosts.push((await joinAs(hello)).host);
    expect(new Set(hosts).size).toBe(1);
    expect(told).toEqual([]);
    expect([...(await statuses()).values()].map(({ familyFault }) => familyFault)).toEqual(
      Array.from({ length: 3 }),
    );
  });

  it('keep no device in a cell that is deleted while it is being opened', async () => {
    const { joinAs, cells } = await setUp();
    await joinAs(helloOf('a', 'A'));
    const joined = joinAs(helloOf('odd', 'B')).then(
      ({ ended }) => ended,
      (error: unknown) => [error],
    );
    await cells.remove('c');
    expect(await joined).toMatchObject([{ reason: 'CELL_DELETED' }]);
    expect(await cells.names()).toEqual([]);
  });

  it('take no more families beside the first than leave room for other cells', async () => {
    const { joinAs, cells } = await setUp();
    await joinAs(helloOf('a', 'A'));
    for (let at = 0; at < 8; at++) await joinAs(helloOf(`liar-${at}`, `made up ${at}`));
    await expect(joinAs(helloOf('liar-8', 'made up 8'))).rejects.toThrow(/9 model families/);
    await joinAs(helloOf('liar-9', 'made up 0'));
    expect(cells.openWhere(() => true)).toHaveLength(9);
  });

  it('plan a device with other models by the same names apart, and tell it once', async () => {
    const { joinAs, told, statuses } = await setUp();
    const a = await joinAs(helloOf('a', 'A'));
    const odd = await joinAs(helloOf('odd', 'B'));
    await joinAs(helloOf('odd', 'B'));
    expect(odd.host).not.toBe(a.host);
    expect(a.host.devices.members.size).toBe(1);
    expect(told).toEqual([
      "odd is planned by itself: its model family, garments (version B-1), differs from the cell's, garments (version A-1) in small, large; give all devices one model family (--models)",
    ]);
    const devices = await statuses();
    expect(devices.get('a')).not.toHaveProperty('familyFault');
    expect(devices.get('odd')).toMatchObject({
      connected: true,
      familyFault: expect.stringMatching(/B-1.*A-1/) as string,
    });
  });

  it('take two families without a common name of a variant for two as well', async () => {
    const { joinAs } = await setUp();
    const a = await joinAs(helloOf('a', 'A'));
    const others = variants.map((variant) => ({ ...variant, name: `digit ${variant.name}` }));
    const odd = await joinAs(
      helloOf('odd', 'B', { variants: others, family: { name: 'digits', version: '1' } }),
    );
    expect(odd.host).not.toBe(a.host);
  });

  it('learn nothing of one family from the other, and establish no fact of it', async () => {
    const { joinAs } = await setUp();
    const a = await joinAs(helloOf('a', 'A'));
    const lies = helloOf('odd', 'B').variants.map((variant) => ({ ...variant, accuracy: 0.99 }));
    const odd = await joinAs(helloOf('odd', 'B', { variants: lies }));
    await odd.host.journal({
      deviceId: 'odd',
      instanceId: 'i',
      batch: { oldestPending: 1, outcomes: [{ sequence: 1, outcome: outcome('odd') }] },
    });
    const of = ({ host }: typeof a) => ({
      outcomes: host.orchestrator.learner.status().outcomes,
      accuracies: host.devices.members.family().variants.map(({ accuracy }) => accuracy),
    });
    expect(of(a)).toEqual({ outcomes: 0, accuracies: [0.9, 0.7] });
    expect(of(odd)).toEqual({ outcomes: 1, accuracies: [0.99, 0.99] });
  });

  it('give all families of a cell its objective and its learner', async () => {
    const { joinAs, families } = await setUp();
    const objective = { ...defaultObjective, deadlineMs: 4_000 };
    await joinAs(helloOf('a', 'A'));
    await families.setObjective('c', objective);
    await families.setLearner('c', 'other-mean');
    const { host } = await joinAs(helloOf('odd', 'B'));
    const of = () => [host.orchestrator.objective.deadlineMs, host.orchestrator.learner.name];
    expect(of()).toEqual([4_000, 'other-mean']);
    await families.setObjective('c', { ...objective, deadlineMs: 3_000 });
    await families.setLearner('c', 'fastest-mean');
    expect(of()).toEqual([3_000, 'fastest-mean']);
  });

  it('let no other family keep the cell from an objective', async () => {
    const { joinAs, families, cells, told } = await setUp();
    await joinAs(helloOf('a', 'A'));
    const poor = helloOf('odd', 'B').variants.map((variant) => ({ ...variant, accuracy: 0.3 }));
    await joinAs(helloOf('odd', 'B', { variants: poor }));
    await families.setObjective('c', { ...defaultObjective, accuracyFloor: 0.85 });
    expect((await cells.get('c')).orchestrator.objective.accuracyFloor).toBe(0.85);
    expect(told.at(-1)).toMatch(/another model family keep/);
  });

  it('find a device where it is planned', async () => {
    const { joinAs, families } = await setUp();
    const a = await joinAs(helloOf('a', 'A'));
    const odd = await joinAs(helloOf('odd', 'B'));
    expect(await families.hostOf('c', 'a')).toBe(a.host);
    expect(await families.hostOf('c', 'odd')).toBe(odd.host);
    expect(await families.hostOf('c', 'nobody')).toBe(a.host);
  });

  it('end the session of a device that comes back with other models, and count it once', async () => {
    const { joinAs, statuses } = await setUp();
    await joinAs(helloOf('a', 'A'));
    const before = await joinAs(helloOf('b', 'A'));
    const after = await joinAs(helloOf('b', 'B'));
    expect(before.ended).toMatchObject([{ reason: 'SESSION_REPLACED' }]);
    expect(after.ended).toEqual([]);
    before.leave();
    const devices = await statuses();
    expect([devices.size, devices.get('b')?.connected]).toEqual([2, true]);
  });

  it('bring the devices together once the last of the former family has gone', async () => {
    const { joinAs, clock, statuses } = await setUp();
    const a = await joinAs(helloOf('a', 'A'));
    const b = await joinAs(helloOf('b', 'B'));
    a.leave();
    await clock.advanceAsync(9_000);
    expect(b.ended).toEqual([]);
    await clock.advanceAsync(6_500);
    expect(b.ended).toMatchObject([{ reason: 'FAMILY_REUNITED' }]);
    b.leave();
    const again = await joinAs(helloOf('b', 'B'));
    expect(again.host).toBe(a.host);
    expect((await statuses()).get('b')).not.toHaveProperty('familyFault');
    await clock.advanceAsync(12_000);
    expect(again.ended).toEqual([]);
  });

  it('know each family after a restart, whoever comes back first', async () => {
    const { joinAs, families, path } = await setUp();
    await joinAs(helloOf('a', 'A'));
    await families.setObjective('c', { ...defaultObjective, deadlineMs: 4_000 });
    await joinAs(helloOf('odd', 'B'));
    await cleanUps.disposeAsync();
    cleanUps = new AsyncDisposableStack();
    const restarted = await setUp(path);
    await restarted.cells.openStored();
    const odd = await restarted.joinAs(helloOf('odd', 'B'));
    const a = await restarted.joinAs(helloOf('a', 'A'));
    expect(a.host).toBe(await restarted.cells.get('c'));
    expect(odd.host).not.toBe(a.host);
    expect(odd.host.orchestrator.objective.deadlineMs).toBe(4_000);
  });
});
