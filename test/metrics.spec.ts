import { silentLogger } from '@weir/base';
import { connectAgent, describeCell, type RunningCell, startCell } from '@weir/cell';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fewVariants } from './support/small-cell.ts';

const image = readFileSync(new URL('../libs/inference/models/samples/scene-0000.png', import.meta.url));
const frames = 5;

/** Real processes, their endpoints read as they are; `npm run test:observability` has a Prometheus scrape them. */
describe('metrics of a living cell', () => {
  let cell: RunningCell;

  beforeAll(async () => {
    const description = describeCell({
      learner: 'edge-only',
      nodes: [{ id: 'edge-1', tier: 'edge', slots: 1, dilationFactor: 0, variants: fewVariants }],
      devices: [{ id: 'device-1', dilationFactor: 0, variants: fewVariants }],
    });
    cell = await startCell(description, { logger: silentLogger, metrics: true });
    await using device = connectAgent(cell.devices[0]!.address);
    for (let frame = 0; frame < frames; frame++) await device.infer({ image });
  });
  afterAll(() => cell?.[Symbol.asyncDispose]());

  const scrape = async (process: string) => {
    const { address } = cell.metrics.find((endpoint) => endpoint.process === process)!;
    return (await fetch(`http://${address}/metrics`)).text();
  };

  it('are served by every process, each on an address of its own', () => {
    expect(cell.metrics.map(({ process }) => process)).toEqual(['telemetry', 'policy', 'edge-1', 'device-1']);
    expect(new Set(cell.metrics.map(({ address }) => address)).size).toBe(4);
  });

  it('count the frames of the agent', async () => {
    const text = await scrape('device-1');
    const counts = [...text.matchAll(/^weir_frames_total\{.*weir_node_id="device-1".*\} (\d+)$/gm)];
    expect(counts.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(frames);
  });

  // Streams may still be opening when all processes serve.
  it.each([
    ['device-1', /^weir_target_reachable\{.*weir_peer_id="edge-1".*\} 1$/m],
    ['device-1', /^weir_policy_connected\{.*\} 1$/m],
    ['edge-1', /^weir_slots_utilization_ratio\{.*weir_cell_id="cell-1".*\}/m],
    ['edge-1', /^weir_batch_limit\{.*weir_variant="[^"]+".*\} 1$/m],
    ['policy', /^weir_devices\{weir_cell_id="cell-1",weir_connected="true".*\} 1$/m],
    ['telemetry', /^weir_nodes\{weir_liveness="live".*\} [12]$/m],
  ])('of %s match %s', async (process, figure) => {
    await vi.waitFor(async () => expect(await scrape(process)).toMatch(figure), { timeout: 10_000 });
  });
});
