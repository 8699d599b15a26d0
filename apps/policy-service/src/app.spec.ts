import {
  FailedPrecondition,
  FakeClock,
  InvalidInput,
  type Logger,
  seededRandom,
  silentLogger,
  Unavailable,
  type WeirError,
} from '@weir/base';
import { createLearner, learnerNames } from '@weir/learning';
import { common, policy } from '@weir/proto';
import { callUnary, checkHealth, connect, openDuplex, openServerStream } from '@weir/rpc';
import { openStore, type Store, type StoreOptions, storeNotWritable } from '@weir/storage';
import { stateToWire } from '@weir/wire';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import {
  deviceHello,
  deviceState,
  edge,
  helloToWire,
  nodeReport,
  outcome,
  outcomeToWire,
} from './sessions/agent.fixture.ts';
import { statePauseMs } from './cell/node-reports.ts';
import { startPolicyService } from './app.ts';
import { type Config, configSpec } from './config.ts';

const directory = mkdtempSync(join(tmpdir(), 'weir-policy-app-'));
afterAll(() => rmSync(directory, { recursive: true }));
let dirs = 0;
const newDirectory = () => join(directory, `${dirs++}`);

type Client = policy.PolicyServiceClient;
type Said = NonNullable<policy.OrchestrateResponse['message']>;

async function start(config: Partial<Config> = {}, logger = silentLogger) {
  await using stack = new AsyncDisposableStack();
  const app = stack.use(
    await startPolicyService({ ...configSpec.schema.parse({ data: newDirectory() }), ...config }, { logger }),
  );
  const connection = stack.use(connect(app.address));
  const client = connection.client(policy.PolicyServiceClient);
  const owned = stack.move();
  return { app, connection, client, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** An agent's session, its answers read one by one. */
function session(client: Client, hello = helloToWire('c', deviceHello('a'))) {
  const stream = openDuplex(client, client.orchestrate);
  const answers = stream[Symbol.asyncIterator]();
  const say = (message: policy.OrchestrateRequest['message']) => stream.send({ message });
  void say({ $case: 'hello', value: hello });
  const next = async <Kind extends Said['$case']>(kind: Kind) => {
    for (;;) {
      const { done, value } = (await answers.next()) as IteratorResult<policy.OrchestrateResponse, undefined>;
      if (done) throw new Error('the session has ended');
      if (value.message?.$case === kind)
        return value.message.value as Extract<Said, { $case: Kind }>['value'];
    }
  };
  return {
    stream,
    say,
    directive: () => next('directive'),
    ack: () => next('ack'),
    outcomes: (
      outcomes: policy.Outcome[],
      { oldestPendingSequence = 0n, state }: Partial<Omit<policy.OutcomeBatch, 'outcomes'>> = {},
    ) => say({ $case: 'outcomes', value: { outcomes, oldestPendingSequence, state } }),
    /** What ends the session. */
    async end(): Promise<WeirError> {
      try {
        for (;;) if ((await answers.next()).done) break;
      } catch (error) {
        return error as WeirError;
      }
      throw new Error('the session ended well');
    },
  };
}

const sequences = (from: number, to: number, deviceId = 'a') =>
  Array.from({ length: to - from + 1 }, (_, i) => outcomeToWire(from + i, outcome(deviceId), 0));
const status = async (client: Client, cellId = 'c') => {
  for await (const message of openServerStream(client, client.watchLearner, { cellId })) return message;
  throw new Error('no status');
};

describe('PolicyService', () => {
  it('takes a hello, pushes a directive, acknowledges outcomes and answers decisions by the same plan', async () => {
    await using service = await start({ accuracyFloor: 0.6 });
    const { client, connection } = service;
    expect(await checkHealth(connection)).toBe('SERVING');
    const agent = session(client);
    const directive = await agent.directive();
    expect(directive).toMatchObject({
      learner: 'planner',
      leaseMs: 5_000,
      objective: { accuracyFloor: 0.6, deadlineMs: 10_000 },
    });
    expect(directive.actions.length).toBeGreaterThan(0);
    await agent.say({ $case: 'state', value: stateToWire(deviceState()) });
    await agent.outcomes(sequences(1, 20));
    let through = 0n;
    while (through < 20n) ({ throughSequence: through } = await agent.ack());

    const { placement, directiveVersion } = await callUnary(client, client.decide, {
      cellId: 'c',
      deviceId: 'a',
    });
    expect(placement?.variant).toBeTruthy();
    expect(directiveVersion).toBeGreaterThanOrEqual(directive.version);
    expect(await status(client)).toMatchObject({
      learner: 'planner',
      outcomes: 20n,
      devices: [{ deviceId: 'a', connected: true }],
    });
    agent.stream.end();
  });

  it('refuses one faulty outcome by name and goes on', async () => {
    await using service = await start();
    const agent = session(service.client);
    const [first, bad, last] = sequences(1, 3);
    await agent.outcomes([first!, { ...bad!, responseMs: -1, energyJ: NaN }, last!]);
    const ack = await agent.ack();
    expect(ack.throughSequence).toBe(3n);
    expect(ack.refused).toMatchObject([
      { sequence: 2n, faults: [expect.stringContaining('response_ms'), expect.stringContaining('energy_j')] },
    ]);
    await agent.outcomes(sequences(4, 4));
    expect((await agent.ack()).throughSequence).toBe(4n);
    expect((await status(service.client)).outcomes).toBe(3n);
  });

  it('leaves out what is unusable of a hello and its states, says so once, and goes on', async () => {
    const told: { leftOut?: { field: string }[] }[] = [];
    await using service = await start({}, { ...silentLogger, warn: (fields) => void told.push(fields) });
    const hello = helloToWire('c', deviceHello('a', { targets: [edge(), edge()] }));
    hello.targets[0]!.load!.nodeId = 'a';
    hello.variants.push({ name: 'odd', macs: 0, precision: 'fp8', accuracy: 0.5, checksum: '' });
    const agent = session(service.client, hello);
    const { actions } = await agent.directive();
    expect(new Set(actions.map(({ placement }) => placement?.nodeId))).toEqual(new Set(['a', 'edge-1']));
    const state = { ...stateToWire(deviceState()), framesPerSecond: NaN };
    for (let repeat = 0; repeat < 3; repeat++) await agent.say({ $case: 'state', value: state });
    const variability = { ...stateToWire(deviceState()), arrivalVariability: NaN };
    await agent.outcomes(sequences(1, 1), { state: variability });
    expect((await agent.ack()).throughSequence).toBe(1n);
    expect(told.flatMap(({ leftOut = [] }) => leftOut.map(({ field }) => field))).toEqual([
      'hello.variants[2].macs',
      'hello.variants[2].precision',
      'hello.targets[0].load.node_id',
      'state.frames_per_second',
      'state.arrival_variability',
    ]);
  });

  it('says how long a state may stay untold, and takes one that comes with outcomes', async () => {
    await using service = await start();
    const { client } = service;
    const agent = session(client);
    expect((await agent.directive()).statePauseMs).toBe(statePauseMs);
    const targets = [edge(), edge({ report: nodeReport('edge-2', 'edge') })];
    await agent.outcomes(sequences(1, 1), { state: stateToWire(deviceState({ targets })) });
    for (;;) {
      const { actions } = await agent.directive();
      if (actions.some(({ placement }) => placement?.nodeId === 'edge-2')) break;
    }
  });

  it('renews a directive by acknowledgements for agents that take that', async () => {
    await using service = await start();
    const { client } = service;
    const [newer, older] = ['a', 'b'].map((deviceId) =>
      session(client, { ...helloToWire('c', deviceHello(deviceId)), takesRenewals: deviceId === 'a' }),
    );
    const { version } = await newer!.directive();
    await older!.directive();
    let renewed = 0n;
    for (let sequence = 1; renewed === 0n; sequence++) {
      await older!.outcomes(sequences(sequence, sequence, 'b'));
      expect((await older!.ack()).renewedVersion).toBe(0n);
      await newer!.outcomes(sequences(sequence, sequence));
      ({ renewedVersion: renewed } = await newer!.ack());
    }
    expect(renewed).toBeGreaterThanOrEqual(version);
  });

  it('counts outcomes once that an agent sends again over a new session', async () => {
    await using service = await start();
    const first = session(service.client);
    await first.outcomes(sequences(1, 5));
    await first.ack();
    first.stream.cancel();
    const second = session(service.client);
    await second.outcomes(sequences(3, 8), { oldestPendingSequence: 3n });
    expect((await second.ack()).throughSequence).toBe(8n);
    expect((await status(service.client)).outcomes).toBe(8n);
  });

  it('ends the former session of a device with ABORTED', async () => {
    await using service = await start();
    const first = session(service.client);
    await first.directive();
    const second = session(service.client);
    expect(await first.end()).toMatchObject({ status: 'ABORTED', reason: 'SESSION_REPLACED' });
    expect(await second.directive()).toBeDefined();
  });

  it('lets the newer of two agents of one name stand, tells the other to stay away, and does not flap', async () => {
    const told: { instanceIds?: string[] }[] = [];
    await using service = await start({}, { ...silentLogger, warn: (fields) => void told.push(fields) });
    const run = (instanceId: string) =>
      session(service.client, helloToWire('c', deviceHello('a', { instanceId })));
    const older = run('older');
    await older.directive();
    const newer = run('newer');
    const twice = { status: 'FAILED_PRECONDITION', reason: 'DEVICE_TWICE', retryAfterMs: 60_000 };
    expect(await older.end()).toMatchObject({ ...twice, info: { instance: 'older', standing: 'newer' } });
    await newer.directive();
    for (let again = 0; again < 3; again++) expect(await run('older').end()).toMatchObject(twice);
    await newer.outcomes(sequences(1, 1));
    expect((await newer.ack()).throughSequence).toBe(1n);
    expect(told).toMatchObject([{ deviceId: 'a', instanceIds: ['newer', 'older'] }]);
    newer.stream.cancel();
    // When the newer one has gone, the older may come back, until it comes.
    const back = await vi.waitFor(async () => {
      const other = run('older');
      await other.directive();
      return other;
    });
    const last = run('newer');
    expect(await back.end()).toMatchObject(twice);
    await last.directive();
  });

  it('follows the objective at run time, and refuses a floor that cannot be met', async () => {
    await using service = await start();
    const { client } = service;
    const agent = session(client);
    await agent.directive();
    const { objective } = await callUnary(client, client.getObjective, { cellId: 'c' });
    const floor = (accuracyFloor: number) =>
      callUnary(client, client.setObjective, { cellId: 'c', objective: { ...objective!, accuracyFloor } });
    await expect(floor(0.95)).rejects.toMatchObject({
      status: 'FAILED_PRECONDITION',
      message: expect.stringContaining('0.9000') as string,
    });
    expect((await floor(0.8)).objective?.accuracyFloor).toBe(0.8);
    let directive = await agent.directive();
    while (directive.objective?.accuracyFloor !== 0.8) directive = await agent.directive();
    expect(directive.planned?.variant).toBe('large');
  });

  it('keeps objective, learner and what was learned over a restart', async () => {
    const data = newDirectory();
    const objective = {
      accuracyFloor: 0.7,
      deadlineMs: 500,
      meanWeight: 1,
      tailWeight: 0.5,
      energyMsPerJ: 2,
      allowedTiers: [common.Tier.DEVICE, common.Tier.EDGE],
      maxLooks: 1,
      auditShare: 0.25,
    };
    let version: bigint;
    {
      await using service = await start({ data });
      const { client } = service;
      await callUnary(client, client.setObjective, { cellId: 'c', objective });
      await callUnary(client, client.setLearner, { cellId: 'c', learner: 'edge-only' });
      const agent = session(client);
      ({ version } = await agent.directive());
      await agent.outcomes(sequences(1, 7));
      await agent.ack();
    }
    await using service = await start({ data });
    const { client } = service;
    expect(await callUnary(client, client.getObjective, { cellId: 'c' })).toEqual({ objective });
    expect(await status(client)).toMatchObject({ learner: 'edge-only', outcomes: 7n });
    const directive = await session(client).directive();
    expect(directive.version).toBeGreaterThan(version);
    expect(directive).toMatchObject({ obey: true, planned: { tier: common.Tier.EDGE } });
  });

  it('ends sessions with UNAVAILABLE when it drains, after their outcomes are safe', async () => {
    const data = newDirectory();
    const service = await start({ data });
    const agent = session(service.client);
    await agent.directive();
    await agent.outcomes(sequences(1, 200));
    await agent.ack();
    const ended = agent.end();
    const draining = service.app[Symbol.asyncDispose]();
    expect(await ended).toMatchObject({ status: 'UNAVAILABLE' });
    await draining;
    await service[Symbol.asyncDispose]();
    await using again = await start({ data });
    expect((await status(again.client)).outcomes).toBe(200n);
  });

  it('warms another cell by a snapshot', async () => {
    await using service = await start();
    const { client } = service;
    const agent = session(client);
    await agent.outcomes(sequences(1, 9));
    await agent.ack();
    const exported = await callUnary(client, client.exportSnapshot, { cellId: 'c' });
    expect(exported.learner).toBe('planner');
    await callUnary(client, client.importSnapshot, { cellId: 'twin', ...exported });
    expect((await status(client, 'twin')).outcomes).toBe(9n);
  });

  it('tells watchers at once and then regularly', async () => {
    await using service = await start({ maxWatches: 1 });
    const { client } = service;
    await session(client).directive();
    const watch = openServerStream(client, client.watchLearner, { cellId: 'c' });
    const plans = async () => ((await watch.next()).value as policy.WatchLearnerResponse).plans;
    const first = await plans();
    await expect(status(client)).rejects.toMatchObject({ status: 'RESOURCE_EXHAUSTED' });
    expect(await plans()).toBeGreaterThan(first);
    await watch.return?.();
  });

  it('lets one caller fill no more than its share of the cells, however it opens them', async () => {
    await using service = await start({ cellsPerCaller: 2 });
    const { app, client } = service;
    await session(client).directive();
    await callUnary(client, client.setLearner, { cellId: 'd', learner: 'device-only' });
    const spent = { status: 'RESOURCE_EXHAUSTED', reason: 'QUOTA_EXCEEDED' };
    const more = { cellId: 'e', learner: 'device-only' };
    await expect(callUnary(client, client.setLearner, more)).rejects.toMatchObject(spent);
    expect(await session(client, helloToWire('e', deviceHello('a'))).end()).toMatchObject(spent);
    await using another = connect(app.address);
    const others = another.client(policy.PolicyServiceClient);
    await callUnary(others, others.setLearner, more);
  });

  it('serves every learner there is', async () => {
    await using service = await start();
    const { client } = service;
    const agent = session(client);
    await agent.say({ $case: 'state', value: stateToWire(deviceState({ targets: [edge()] })) });
    for (const learner of learnerNames.filter((name) => name !== 'cloud-only')) {
      await callUnary(client, client.setLearner, { cellId: 'c', learner });
      let directive = await agent.directive();
      while (directive.learner !== learner) directive = await agent.directive();
      await agent.outcomes(sequences(1, 3));
    }
  });

  it('runs a cell in epochs while the stream stands', async () => {
    await using service = await start({ learner: 'device-only' });
    const { client } = service;
    const agent = session(client);
    await agent.directive();
    const epochs = openDuplex(client, client.runEpochs);
    const plans = epochs[Symbol.asyncIterator]();
    const next = async () => {
      await epochs.send({ cellId: 'c', settleTimeoutMs: 0 });
      return (await plans.next()).value as policy.RunEpochsResponse;
    };
    const first = await next();
    expect(first).toMatchObject({ learner: 'device-only', devices: [{ deviceId: 'a', connected: true }] });
    expect(first.bestKnown).toEqual([{ deviceId: 'a', placement: first.devices[0]!.planned }]);
    let directive = await agent.directive();
    while (directive.version !== first.directiveVersion) directive = await agent.directive();
    expect(directive).toMatchObject({ obey: true, planned: first.devices[0]!.planned });
    const placement = { tier: 'device' as const, nodeId: 'a', variant: 'large' };
    await agent.outcomes([
      outcomeToWire(1, outcome('a', { placement, planVersion: Number(first.directiveVersion) }), 0),
    ]);
    const second = await next();
    expect(second).toMatchObject({ outcomes: 1, missingDeviceIds: [] });

    const other = openDuplex(client, client.runEpochs);
    await other.send({ cellId: 'c', settleTimeoutMs: 0 });
    await expect(other[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      status: 'FAILED_PRECONDITION',
    });
    // The last epoch ends with its last outcome.
    await agent.outcomes([
      outcomeToWire(2, outcome('a', { placement, planVersion: Number(second.directiveVersion) }), 0),
    ]);
    epochs.end();
    expect((await plans.next()).done).toBe(true);
  });

  it('is not ready while nothing can be written, says why, and serves its cells once that is over', async () => {
    const data = newDirectory();
    {
      await using before = await start({ data });
      await session(before.client).directive();
    }
    const clock = new FakeClock(5_000);
    const said: string[] = [];
    const logger: Logger = { ...silentLogger, error: (_, message) => void said.push(message) };
    let full = true;
    const store = async (options: StoreOptions): Promise<Store> => {
      const real = await openStore(options);
      return {
        ...real,
        reserveVersions: (...given) =>
          full
            ? Promise.reject(new Unavailable('the disk is full (ENOSPC)', { reason: storeNotWritable }))
            : real.reserveVersions(...given),
      };
    };
    await using app = await startPolicyService(configSpec.schema.parse({ data }), { clock, logger, store });
    await using connection = connect(app.address);
    const client = connection.client(policy.PolicyServiceClient);
    expect(await checkHealth(connection)).toBe('NOT_SERVING');
    expect(said).toEqual([expect.stringMatching(/trying again: the disk is full \(ENOSPC\)/)]);
    expect(await session(client).end()).toMatchObject({
      status: 'UNAVAILABLE',
      message: expect.stringContaining('ENOSPC') as string,
    });
    full = false;
    clock.advance(5_000);
    await expect.poll(() => checkHealth(connection)).toBe('SERVING');
    const { objective } = await callUnary(client, client.getObjective, { cellId: 'c' });
    expect(objective).toBeDefined();
  });

  it('goes on by what was learned while the disk takes nothing, and acknowledges nothing until it does', async () => {
    const data = newDirectory();
    {
      await using before = await start({ data });
      const agent = session(before.client);
      await agent.outcomes(sequences(1, 20));
      let through = 0n;
      while (through < 20n) ({ throughSequence: through } = await agent.ack());
    }
    const clock = new FakeClock(5_000);
    let full = true;
    const store = async (options: StoreOptions): Promise<Store> => {
      if (full) throw new FailedPrecondition('its disk is full (ENOSPC)', { reason: storeNotWritable });
      return openStore(options);
    };
    await using app = await startPolicyService(configSpec.schema.parse({ data }), {
      clock,
      logger: silentLogger,
      store,
    });
    await using connection = connect(app.address);
    const client = connection.client(policy.PolicyServiceClient);
    expect((await status(client)).outcomes).toBe(20n);
    const agent = session(client);
    let directed = false;
    void agent.directive().then(() => (directed = true));
    await expect.poll(() => (clock.advance(100), directed), { timeout: 20_000 }).toBe(true);
    await agent.outcomes(sequences(21, 22));
    await expect(callUnary(client, client.setLearner, { cellId: 'c', learner: 'dqn' })).rejects.toThrow(
      /ENOSPC/,
    );
    full = false;
    clock.advance(5_000);
    await expect
      .poll(
        () =>
          callUnary(client, client.setLearner, { cellId: 'c', learner: 'planner' }).then(
            () => true,
            () => false,
          ),
        { timeout: 20_000 },
      )
      .toBe(true);
    await agent.outcomes(sequences(23, 24));
    expect(await agent.end()).toMatchObject({ status: 'UNAVAILABLE', reason: 'DISK_IS_BACK' });
    const again = session(client);
    await again.outcomes(sequences(21, 24), { oldestPendingSequence: 21n });
    expect((await again.ack()).throughSequence).toBe(24n);
    expect((await status(client)).outcomes).toBe(24n);
  });

  it('bounds cells and devices', async () => {
    await using service = await start({ maxCells: 1, maxDevices: 1 });
    const { client } = service;
    await session(client).directive();
    for (const hello of [helloToWire('c', deviceHello('b')), helloToWire('d', deviceHello('a'))])
      expect(await session(client, hello).end()).toMatchObject({ status: 'RESOURCE_EXHAUSTED' });
  });
});

describe('malformed input', () => {
  const objective = {
    accuracyFloor: 0.5,
    deadlineMs: 100,
    meanWeight: 1,
    tailWeight: 0,
    energyMsPerJ: 0,
    allowedTiers: [common.Tier.DEVICE],
    maxLooks: 2,
  };
  const long = 'x'.repeat(129);
  const snapshot = (text: string) => ({ cellId: 'c', learner: 'planner', snapshot: Buffer.from(text) });
  const planner = () => createLearner('planner', { random: seededRandom(1) }).snapshot();
  const unary: [string, (client: Client) => Promise<unknown>, string][] = [
    ['Decide without a cell', (c) => callUnary(c, c.decide, { cellId: '', deviceId: 'a' }), 'cell_id'],
    ['Decide without a device', (c) => callUnary(c, c.decide, { cellId: 'c', deviceId: '' }), 'device_id'],
    ['GetObjective without a cell', (c) => callUnary(c, c.getObjective, { cellId: '' }), 'cell_id'],
    [
      'RunEpochs without a cell',
      async (c) => {
        const stream = openDuplex(c, c.runEpochs);
        await stream.send({ cellId: '', settleTimeoutMs: 0 });
        for await (const _ of stream) break;
      },
      'cell_id',
    ],
    ['GetObjective of a long cell', (c) => callUnary(c, c.getObjective, { cellId: long }), 'cell_id'],
    [
      'SetObjective without a cell',
      (c) => callUnary(c, c.setObjective, { cellId: '', objective }),
      'cell_id',
    ],
    [
      'SetObjective without one',
      (c) => callUnary(c, c.setObjective, { cellId: 'c', objective: undefined }),
      'objective',
    ],
    ...Object.entries({
      accuracy_floor: { accuracyFloor: 80 },
      deadline_ms: { deadlineMs: NaN },
      mean_weight: { meanWeight: 0 },
      tail_weight: { tailWeight: Infinity },
      energy_ms_per_j: { energyMsPerJ: -1 },
      allowed_tiers: { allowedTiers: [] },
    }).map(([field, fault]): [string, (client: Client) => Promise<unknown>, string] => [
      `SetObjective with ${JSON.stringify(fault)}`,
      (c) => callUnary(c, c.setObjective, { cellId: 'c', objective: { ...objective, ...fault } }),
      `objective.${field}`,
    ]),
    [
      'SetLearner without a cell',
      (c) => callUnary(c, c.setLearner, { cellId: '', learner: 'planner' }),
      'cell_id',
    ],
    ['SetLearner to nothing', (c) => callUnary(c, c.setLearner, { cellId: 'c', learner: '' }), 'learner'],
    [
      'SetLearner to what is none',
      (c) => callUnary(c, c.setLearner, { cellId: 'c', learner: 'constructor' }),
      'learner',
    ],
    ['WatchLearner without a cell', (c) => status(c, ''), 'cell_id'],
    ['ExportSnapshot without a cell', (c) => callUnary(c, c.exportSnapshot, { cellId: '' }), 'cell_id'],
    [
      'ImportSnapshot for no learner',
      (c) => callUnary(c, c.importSnapshot, { ...snapshot('{}'), learner: 'x' }),
      'learner',
    ],
    ['ImportSnapshot of nothing', (c) => callUnary(c, c.importSnapshot, snapshot('')), 'snapshot'],
    ['ImportSnapshot of no JSON', (c) => callUnary(c, c.importSnapshot, snapshot('\xff{')), 'snapshot'],
    ['ImportSnapshot of null', (c) => callUnary(c, c.importSnapshot, snapshot('null')), 'snapshot'],
    ['ImportSnapshot of something else', (c) => callUnary(c, c.importSnapshot, snapshot('[1]')), 'snapshot'],
    [
      'ImportSnapshot of another learner',
      (c) => callUnary(c, c.importSnapshot, snapshot(JSON.stringify({ ...planner(), learner: 'edge-only' }))),
      'snapshot',
    ],
    [
      'ImportSnapshot of another version',
      (c) => callUnary(c, c.importSnapshot, snapshot(JSON.stringify({ ...planner(), version: 99 }))),
      'snapshot.version',
    ],
    [
      'ImportSnapshot with a broken state',
      (c) =>
        callUnary(c, c.importSnapshot, snapshot(JSON.stringify({ ...planner(), state: { beliefs: 7 } }))),
      'snapshot.state.beliefs',
    ],
  ];
  const hello = helloToWire('c', deviceHello('a'));
  const state = stateToWire(deviceState());
  const streams: [string, policy.OrchestrateRequest['message'][], string][] = [
    ['a stream that begins with a state', [{ $case: 'state', value: state }], 'message'],
    ['a stream that begins with nothing', [undefined], 'message'],
    ['a hello without a device', [{ $case: 'hello', value: { ...hello, deviceId: '' } }], 'hello.device_id'],
    [
      'a second hello',
      [
        { $case: 'hello', value: hello },
        { $case: 'hello', value: hello },
      ],
      'message',
    ],
    ['an empty message', [{ $case: 'hello', value: hello }, undefined], 'message'],
    [
      'an outcome without a number',
      [
        { $case: 'hello', value: hello },
        {
          $case: 'outcomes',
          value: { outcomes: sequences(0, 0), oldestPendingSequence: 0n, state: undefined },
        },
      ],
      'outcomes.outcomes[0].sequence',
    ],
  ];

  it('is refused on every RPC, field by field, and the service lives', { timeout: 60_000 }, async () => {
    await using service = await start();
    const { client } = service;
    for (const [what, call, field] of unary) {
      const error = await call(client).then(
        () => undefined,
        (caught: unknown) => caught,
      );
      expect(error, what).toBeInstanceOf(InvalidInput);
      expect(
        (error as InvalidInput).violations.map((violation) => violation.field),
        what,
      ).toContain(field);
    }
    for (const [what, messages, field] of streams) {
      const stream = openDuplex(client, client.orchestrate);
      for (const message of messages) void stream.send({ message });
      const failure = await (async () => {
        try {
          for await (const _answer of stream);
        } catch (error) {
          return error as InvalidInput;
        }
        return undefined;
      })();
      expect(
        failure?.violations?.map((violation) => violation.field),
        what,
      ).toContain(field);
    }
    expect(await session(client).directive()).toBeDefined();
  });

  it.each<[string, (client: Client) => Promise<unknown>]>([
    ['Decide in no cell', (c) => callUnary(c, c.decide, { cellId: 'no', deviceId: 'a' })],
    ['Decide for no device', (c) => callUnary(c, c.decide, { cellId: 'c', deviceId: 'no' })],
    ['GetObjective', (c) => callUnary(c, c.getObjective, { cellId: 'no' })],
    ['WatchLearner', (c) => status(c, 'no')],
    ['ExportSnapshot', (c) => callUnary(c, c.exportSnapshot, { cellId: 'no' })],
  ])('that names what is not there is NOT_FOUND: %s', async (_what, call) => {
    await using service = await start();
    await session(service.client).directive();
    await expect(call(service.client)).rejects.toMatchObject({ status: 'NOT_FOUND' });
  });
});
