import { loadConfig, type Logger, silentLogger } from '@weir/base';
import { agent, common, telemetry } from '@weir/proto';
import { callUnary, clientStream, connect, serve, serverStream, unary } from '@weir/rpc';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startDeviceAgent } from './app.ts';
import { configSpec } from './config.ts';
import { type ScriptedWorker, startScriptedWorker } from './targets/scripted-worker.fixture.ts';

const variant = 'mobilenet-v1-0.25-int8';
/** A gray pixel. */
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAADElEQVQI12NoaGgAAAMEAYGa8M1PAAAAAElFTkSuQmCC',
  'base64',
);
/** Far longer than it takes: a busy machine must not fail a test. */
const waitFor = (check: () => unknown) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

/** Telemetry that lists what it is told to. */
async function startTelemetry() {
  const waiting = new Set<() => void>();
  let listed: telemetry.DiscoveredTarget[] = [];
  const watchTargets = serverStream(async function* (
    { cellId }: telemetry.WatchTargetsRequest,
    { signal, draining }: { signal: AbortSignal; draining: AbortSignal },
  ) {
    const over = AbortSignal.any([signal, draining]);
    while (!over.aborted) {
      yield { targets: cellId === 'cell-1' ? listed : [] };
      await new Promise<void>((resolve) => {
        waiting.add(resolve);
        over.addEventListener('abort', () => resolve());
      });
    }
  });
  const report = clientStream(async (reports: AsyncIterable<telemetry.ReportRequest>) => {
    for await (const _report of reports);
    return { accepted: 0 };
  });
  const implementation: telemetry.TelemetryServer = {
    report,
    watchTargets,
    watchCell: serverStream(async function* () {}),
    getCell: unary(() => telemetry.GetCellResponse.create()),
    listCells: unary(() => telemetry.ListCellsResponse.create()),
  };
  const services = [{ definition: telemetry.TelemetryService, implementation }];
  const server = await serve({ listen: '127.0.0.1:0', services, logger: silentLogger, drainGraceMs: 100 });
  return Object.assign(server, {
    list(...targets: telemetry.DiscoveredTarget[]) {
      listed = targets;
      for (const go of waiting) go();
      waiting.clear();
    },
  });
}

describe('an agent that discovers its targets', () => {
  let cleanUps: (() => PromiseLike<void>)[] = [];
  afterEach(async () => {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
    cleanUps = [];
  });

  const edge = async (nodeId: string, run = nodeId) => {
    const worker = await startScriptedWorker({ nodeId, tier: common.Tier.EDGE, variant, instanceId: run });
    cleanUps.push(() => worker[Symbol.asyncDispose]());
    return worker;
  };
  const entry = (nodeId: string, { address }: Pick<ScriptedWorker, 'address'>) => ({
    nodeId,
    tier: common.Tier.EDGE,
    address,
  });

  async function start(...flags: string[]) {
    const source = await startTelemetry();
    cleanUps.push(() => source[Symbol.asyncDispose]());
    const told: object[] = [];
    const logger: Logger = { ...silentLogger, warn: (fields) => void told.push(fields) };
    const argv = [`--telemetry=${source.address}`, '--local-variants=none', '--grace-ms=1000', ...flags];
    const app = await startDeviceAgent(loadConfig(configSpec, { argv, env: {} }), { logger });
    const connection = connect(app.address);
    cleanUps.push(
      () => app[Symbol.asyncDispose](),
      async () => connection[Symbol.asyncDispose](),
    );
    const client = connection.client(agent.DeviceAgentClient);
    const frame = agent.InferRequest.fromPartial({
      requestId: 'f',
      input: { content: { $case: 'encodedImage', value: pixel } },
    });
    const targets = async () =>
      (await callUnary(client, client.getStatus, {})).targets
        .slice(1)
        .map(({ nodeId, reachable }) => `${nodeId} ${reachable ? 'up' : 'down'}`);
    return {
      source,
      told,
      targets,
      infer: async () =>
        (await callUnary(client, client.infer, frame, { timeoutMs: 10_000 })).placement?.nodeId,
      has: (...expected: string[]) => waitFor(async () => expect(await targets()).toEqual(expected)),
    };
  }

  it('uses one as it comes, keeps it while it answers, and drops it once it is gone', async () => {
    const { source, has, infer } = await start();
    await expect(infer()).rejects.toThrow();
    const one = await edge('edge-1');
    source.list(entry('edge-1', one));
    await has('edge-1 up');
    expect(await infer()).toBe('edge-1');
    const two = await edge('edge-2');
    // As from Telemetry that has just started.
    source.list(entry('edge-2', two));
    await has('edge-1 up', 'edge-2 up');
    await one[Symbol.asyncDispose]();
    await has('edge-2 up');
    expect(await infer()).toBe('edge-2');
  });

  it('follows one to another address, and takes nothing from where it was', async () => {
    const { source, has, infer, targets } = await start();
    const [before, after] = [await edge('edge-1', 'before'), await edge('edge-1', 'after')];
    source.list(entry('edge-1', before));
    await has('edge-1 up');
    before.script = 'hold';
    const held = infer();
    await waitFor(() => expect(before.received).toHaveLength(1));
    source.list(entry('edge-1', after));
    await waitFor(() => expect(after.streams).toBe(1));
    await has('edge-1 up');
    expect(await infer()).toBe('edge-1');
    expect([before.received.length, after.received.length]).toEqual([1, 1]);
    // The frame in flight is not lost.
    before.release();
    expect(await held).toBe('edge-1');
    await waitFor(() => expect(before.streams).toBe(0));
    expect(await targets()).toEqual(['edge-1 up']);
    expect(await infer()).toBe('edge-1');
  });

  it('goes by --targets where both name a worker', async () => {
    const [named, listed] = [await edge('edge-1', 'named'), await edge('edge-1', 'listed')];
    const { source, has, infer } = await start(`--targets=edge-1=edge@${named.address}`);
    source.list(entry('edge-1', listed), entry('edge-2', await edge('edge-2')));
    await has('edge-1 up', 'edge-2 up');
    await infer();
    expect(listed.streams).toBe(0);
  });

  it('leaves bad entries out, says so, and uses the others', async () => {
    const { source, has, told } = await start();
    const good = entry('edge-1', await edge('edge-1'));
    source.list({ ...good, nodeId: 'edge-2', address: '0.0.0.0:7200' }, { ...good, nodeId: '' }, good);
    await has('edge-1 up');
    expect(told).toContainEqual({
      leftOut: [
        expect.objectContaining({ field: 'targets[0].address' }),
        expect.objectContaining({ field: 'targets[1].node_id' }),
      ],
    });
  });

  it('does not with --no-discover', async () => {
    const { source, has } = await start('--no-discover');
    source.list(entry('edge-1', await edge('edge-1')));
    await has();
  });
});

it('belongs to one cell, and not to all', () => {
  expect(() => loadConfig(configSpec, { argv: ['--cell-id=all'], env: {} })).toThrow(
    /--cell-id: is for workers/,
  );
});
