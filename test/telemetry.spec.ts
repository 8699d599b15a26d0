import { silentLogger } from '@weir/base';
import { describeCell, startCell } from '@weir/cell';
import { common, telemetry } from '@weir/proto';
import { connect, openServerStream } from '@weir/rpc';
import { expect, it } from 'vitest';
import { fewVariants } from './support/small-cell.ts';

const { LIVE, STALE, GONE } = telemetry.Liveness;
type NodeState = telemetry.NodeState;

it('Telemetry shows what every node of a living cell reports, and that one is killed and comes back', async () => {
  const description = describeCell({
    learner: 'edge-only',
    nodes: [{ id: 'edge-1', tier: 'edge', slots: 2, dilationFactor: 0, variants: fewVariants }],
    devices: [{ id: 'device-1', dilationFactor: 0, variants: fewVariants }],
  });
  await using cell = await startCell(description, { logger: silentLogger });
  await using connection = connect(cell.telemetryAddress);
  const client = connection.client(telemetry.TelemetryClient);
  const stop = new AbortController();
  const nodes = new Map<string, NodeState>();
  const seen: string[] = [];
  const watch = openServerStream(client, client.watchCell, { cellId: 'cell-1' }, { signal: stop.signal });

  /** Reads on until the nodes are as they should be. */
  async function until(good: () => boolean): Promise<void> {
    while (!good()) {
      const next = await watch.next();
      if (next.done) throw new Error('the watch ended');
      for (const state of next.value.nodes) {
        nodes.set(state.report!.nodeId, state);
        seen.push(`${state.report!.nodeId} ${state.liveness}`);
      }
    }
  }
  const is = (nodeId: string, ...liveness: telemetry.Liveness[]) =>
    liveness.includes(nodes.get(nodeId)?.liveness ?? telemetry.Liveness.UNSPECIFIED);
  const link = () => nodes.get('device-1')?.report?.links[0];

  await until(() => is('edge-1', LIVE) && is('device-1', LIVE) && (link()?.reachable ?? false));
  const edge = nodes.get('edge-1')!.report!;
  expect(edge.tier).toBe(common.Tier.EDGE);
  expect(edge.load).toMatchObject({ nodeId: 'edge-1', slots: 2, draining: false });
  expect(edge.load!.services.length).toBeGreaterThan(0);
  for (const { report } of nodes.values()) {
    expect(report!.host!.cpuCount).toBeGreaterThan(0);
    expect(report!.host!.memoryUsedBytes).toBeGreaterThan(0);
    expect(report!.energy!.powerW).toBeGreaterThan(0);
  }
  expect(link()).toMatchObject({ peerNodeId: 'edge-1', reachable: true });
  const { edge: emulated } = description.links.regular;
  expect(link()!.roundTripMs).toBeGreaterThanOrEqual(2 * emulated.delayMs);

  cell.kill('edge-1', 'SIGKILL');
  await until(() => is('edge-1', GONE));
  await until(() => is('edge-1', LIVE) && link()?.reachable === true);
  expect(is('device-1', LIVE, STALE)).toBe(true);
  expect(seen.filter((line) => line === `edge-1 ${GONE}`)).toHaveLength(1);
  stop.abort();
}, 60_000);
