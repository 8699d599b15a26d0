import {
  FakeClock,
  InvalidInput,
  loadConfig,
  ResourceExhausted,
  silentLogger,
  Unavailable,
} from '@weir/base';
import { common, telemetry } from '@weir/proto';
import { callUnary, checkHealth, connect, openClientStream, openServerStream } from '@weir/rpc';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startTelemetry } from './app.ts';
import { configSpec } from './config.ts';
import { load, report } from './report.fixture.ts';

let cleanUps: (() => PromiseLike<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
  cleanUps = [];
});

/** A real server and a real client; the state's time stands still until advanced. */
async function start(given: Partial<Parameters<typeof startTelemetry>[0]> = {}) {
  const clock = new FakeClock();
  const config = { ...loadConfig(configSpec, { argv: [], env: {} }), coalesceMs: 0, ...given };
  const app = await startTelemetry(config, { clock, logger: silentLogger });
  const connection = connect(app.address);
  cleanUps.push(
    () => app[Symbol.asyncDispose](),
    async () => connection[Symbol.asyncDispose](),
  );
  const client = connection.client(telemetry.TelemetryClient);
  return {
    app,
    clock,
    connection,
    client,
    openReport: () => openClientStream(client, client.report),
    watch: (cellId = 'cell-1', signal?: AbortSignal) =>
      openServerStream(client, client.watchCell, { cellId }, signal ? { signal } : {}),
    nodes: async (cellId = 'cell-1') =>
      (await callUnary(client, client.getCell, { cellId }, { timeoutMs: 5_000 })).nodes,
  };
}

const { LIVE, STALE, GONE } = telemetry.Liveness;
const brief = (nodes: telemetry.NodeState[]) =>
  nodes.map((node) => [node.report!.nodeId, node.report!.energy!.energyJ, node.liveness]);
const reported = (nodeId: string, energyJ: number, given: Partial<telemetry.ReportRequest> = {}) =>
  report({ nodeId, load: undefined, energy: { ...report().energy!, energyJ }, ...given });
const next = async (watch: AsyncIterableIterator<telemetry.WatchCellResponse>) =>
  brief(((await watch.next()).value as telemetry.WatchCellResponse).nodes);

describe('telemetry service', () => {
  it('is healthy once it serves', async () => {
    const { connection } = await start();
    expect(await checkHealth(connection, { service: 'weir.telemetry.v1.Telemetry' })).toBe('SERVING');
  });

  it('fans a report out as it came, to those who watch and to those who ask', async () => {
    const { openReport, watch, nodes, clock } = await start();
    const watched = watch();
    expect(await next(watched)).toEqual([]);
    using stream = openReport();
    await stream.send(report());
    const { value } = (await watched.next()) as { value: telemetry.WatchCellResponse };
    expect(value.nodes).toEqual([{ report: report(), liveness: LIVE, ageMs: 0 }]);
    clock.advance(1_500);
    expect(await nodes()).toEqual([{ report: report(), liveness: LIVE, ageMs: 1_500 }]);
    expect(await nodes('cell-2')).toEqual([]);
  });

  it('lists the cells that have nodes, and none of the workers of every cell', async () => {
    const { client, openReport } = await start();
    const cells = async () => (await callUnary(client, client.listCells, {}, { timeoutMs: 5_000 })).cellIds;
    expect(await cells()).toEqual([]);
    for (const cellId of ['yard', 'all', 'hall']) {
      const stream = openReport();
      cleanUps.push(async () => stream[Symbol.dispose]());
      await stream.send(report({ cellId }));
    }
    await vi.waitFor(async () => expect(await cells()).toEqual(['hall', 'yard']), { timeout: 30_000 });
  });

  it('tells devices of the workers that they may send frames to, at once and when that changes', async () => {
    const { client, openReport } = await start();
    const watch = openServerStream(client, client.watchTargets, { cellId: 'cell-1' });
    const next = async () => (await watch.next()).value as telemetry.WatchTargetsResponse;
    expect(await next()).toEqual({ targets: [] });
    using stream = openReport();
    await stream.send(report({ advertisedAddress: 'edge-1:7200' }));
    const target = { nodeId: 'edge-1', tier: common.Tier.EDGE, address: 'edge-1:7200' };
    expect(await next()).toEqual({ targets: [target] });
    await stream.send(report({ advertisedAddress: 'edge-1:7200', load: load({ draining: true }) }));
    expect(await next()).toEqual({ targets: [] });
  });

  it.each(['0.0.0.0:7200', 'edge-1:0', 'e'.repeat(100_000)])(
    'refuses a worker that advertises %.20s, and tells nobody of it',
    async (advertisedAddress) => {
      const { client, openReport, nodes } = await start();
      using stream = openReport();
      await stream.send(report({ advertisedAddress }));
      await expect(stream.response).rejects.toThrow(/advertised_address/);
      expect(await nodes()).toEqual([]);
      const watch = openServerStream(client, client.watchTargets, { cellId: 'cell-1' });
      expect((await watch.next()).value).toEqual({ targets: [] });
    },
  );

  it('tells a watcher the whole state first, then only what changes', async () => {
    const { openReport, watch } = await start();
    const early = watch();
    await next(early);
    using a = openReport();
    using b = openReport();
    await a.send(reported('a', 1));
    expect(await next(early)).toEqual([['a', 1, LIVE]]);
    await b.send(reported('b', 1));
    expect(await next(early)).toEqual([['b', 1, LIVE]]);
    const late = watch();
    expect((await next(late)).sort()).toEqual([
      ['a', 1, LIVE],
      ['b', 1, LIVE],
    ]);
    await b.send(reported('b', 2));
    expect(await next(late)).toEqual([['b', 2, LIVE]]);
    expect(await next(early)).toEqual([['b', 2, LIVE]]);
  });

  it('tells that a silent node is stale and then, once, that it is gone', async () => {
    const { openReport, watch, nodes, clock } = await start();
    const watched = watch();
    await next(watched);
    using stream = openReport();
    await stream.send(reported('a', 1));
    expect(await next(watched)).toEqual([['a', 1, LIVE]]);
    clock.advance(3_250);
    expect(await next(watched)).toEqual([['a', 1, STALE]]);
    clock.advance(12_000);
    expect(await next(watched)).toEqual([['a', 1, GONE]]);
    expect(await nodes()).toEqual([]);
    await stream.send(reported('a', 2));
    expect(await next(watched)).toEqual([['a', 2, LIVE]]);
  });

  it('tells that a node is gone when it closes its stream, and what it took of it', async () => {
    const { openReport, watch } = await start();
    const watched = watch();
    await next(watched);
    const stream = openReport();
    await stream.send(reported('a', 1));
    await next(watched);
    await stream.send(reported('a', 2));
    await next(watched);
    expect(await stream.finish()).toEqual({ accepted: 2 });
    expect(await next(watched)).toEqual([['a', 2, GONE]]);
  });

  it('tells that a node is gone when its connection breaks', async () => {
    const { openReport, watch } = await start();
    const watched = watch();
    await next(watched);
    const stream = openReport();
    await stream.send(reported('a', 1));
    expect(await next(watched)).toEqual([['a', 1, LIVE]]);
    stream.cancel();
    expect(await next(watched)).toEqual([['a', 1, GONE]]);
  });

  it('batches changes within the coalescing time into one message', async () => {
    const { openReport, watch, nodes, clock } = await start({ coalesceMs: 100 });
    const watched = watch();
    expect(await next(watched)).toEqual([]);
    using stream = openReport();
    for (let i = 1; i <= 3; i++) await stream.send(reported('a', i));
    let seen = await nodes();
    for (let tries = 0; seen[0]?.report?.energy?.energyJ !== 3 && tries < 100; tries++) seen = await nodes();
    clock.advance(100);
    expect(await next(watched)).toEqual([['a', 3, LIVE]]);
  });

  it('is not delayed by a slow watcher, which misses states but not the newest', async () => {
    const { openReport, watch } = await start();
    const links = Array.from({ length: 256 }, (_, i) => ({
      ...report().links[0]!,
      peerNodeId: `${i}`.padEnd(128, 'x'),
    }));
    const slow = watch();
    await next(slow);
    const quick = watch();
    await next(quick);
    using stream = openReport();
    const reports = 200;
    for (let i = 1; i <= reports; i++) {
      await stream.send(reported('a', i, { links }));
      expect(await next(quick)).toEqual([['a', i, LIVE]]);
    }
    let messages = 0;
    for await (const { nodes } of slow) {
      messages++;
      if (nodes[0]!.report!.energy!.energyJ === reports) break;
    }
    expect(messages).toBeLessThan(reports);
  });

  it('refuses a malformed report with its faults, forgets that node, and serves the others', async () => {
    const { openReport, watch, nodes } = await start();
    const watched = watch();
    await next(watched);
    using good = openReport();
    await good.send(reported('good', 1));
    expect(await next(watched)).toEqual([['good', 1, LIVE]]);
    using bad = openReport();
    await bad.send(reported('bad', 1));
    expect(await next(watched)).toEqual([['bad', 1, LIVE]]);
    await bad.send(reported('bad', -1, { cellId: '' }));
    const error = await bad.response.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidInput);
    expect((error as InvalidInput).violations.map(({ field }) => field)).toEqual([
      'cell_id',
      'cell_id',
      'energy.energy_j',
    ]);
    expect(await next(watched)).toEqual([['bad', 1, GONE]]);
    await good.send(reported('good', 2));
    expect(await next(watched)).toEqual([['good', 2, LIVE]]);
    expect(await nodes()).toHaveLength(1);
  });

  it.each([[''], ['x'.repeat(129)]])('refuses to watch or show the cell %j', async (cellId) => {
    const { watch, nodes } = await start();
    await expect(watch(cellId).next()).rejects.toBeInstanceOf(InvalidInput);
    await expect(nodes(cellId)).rejects.toBeInstanceOf(InvalidInput);
  });

  it('refuses nodes and watches beyond its limits', async () => {
    const { openReport, watch } = await start({ maxNodesPerCell: 1, maxWatches: 1 });
    const watched = watch();
    await next(watched);
    await expect(watch().next()).rejects.toBeInstanceOf(ResourceExhausted);
    using first = openReport();
    await first.send(reported('a', 1));
    await next(watched);
    using second = openReport();
    await second.send(reported('b', 1));
    await expect(second.response).rejects.toBeInstanceOf(ResourceExhausted);
  });

  it('makes room for another watch when one is cancelled', async () => {
    const { watch } = await start({ maxWatches: 1 });
    const tryOnce = () =>
      watch()
        .next()
        .catch(() => undefined);
    const stop = new AbortController();
    const first = watch('cell-1', stop.signal);
    await next(first);
    stop.abort();
    await expect(first.next()).rejects.toThrow();
    // The server learns of it a little later; each refusal is an answer to wait for.
    let answer: IteratorResult<unknown> | undefined;
    for (let tries = 0; !answer && tries < 100; tries++) answer = await tryOnce();
    expect(answer?.done).toBe(false);
  });

  it('ends all streams as it drains: reports with what was taken, watches as unavailable', async () => {
    const { app, openReport, watch } = await start();
    const watched = watch();
    await next(watched);
    const stream = openReport();
    await stream.send(reported('a', 1));
    await next(watched);
    const drained = app[Symbol.asyncDispose]();
    expect(await stream.response).toEqual({ accepted: 1 });
    const rest = (async () => {
      for await (const _ of watched);
    })();
    await expect(rest).rejects.toBeInstanceOf(Unavailable);
    await drained;
  });
});
