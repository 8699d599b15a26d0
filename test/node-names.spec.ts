import { connectAgent } from '@weir/cell';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { programs } from './support/programs.ts';

const image = readFileSync(new URL('../libs/inference/models/samples/scene-0000.png', import.meta.url));
const variant = 'mobilenet-v1-0.25-int8';

/** Real processes whose names do not agree. */
describe('a worker that calls itself otherwise than its devices do', () => {
  const running = programs();
  const state = mkdtempSync(join(tmpdir(), 'weir-names-'));
  afterAll(async () => {
    await running[Symbol.asyncDispose]();
    rmSync(state, { recursive: true });
  });

  it('is planned for under the name of its target, once, and the fault is named', async () => {
    const [policy, worker] = await Promise.all([
      running.service('policy-service', `--data=${state}`),
      running.service('inference-worker', '--node-id=worker-1', '--tier=edge', `--variants=${variant}`),
    ]);
    const { address } = await running.service(
      'device-agent',
      `--policy=${policy.address}`,
      `--targets=edge-1=edge@${worker.address},edge-2=edge@${worker.address}`,
      '--local-variants=none',
    );
    await using agent = connectAgent(address);
    const planned = await vi.waitFor(
      async () => {
        const { placement, decision } = await agent.infer({ image, timeoutMs: 5_000 });
        expect(decision?.learner).toBe('planner');
        return placement;
      },
      { timeout: 60_000, interval: 200 },
    );
    expect(planned).toMatchObject({ nodeId: 'edge-1', variant });
    const { targets } = await agent.status();
    expect(targets.slice(1)).toMatchObject([
      { nodeId: 'edge-1', reachable: true, workerNodeId: 'worker-1' },
      { nodeId: 'edge-2', reachable: false, workerNodeId: 'worker-1' },
    ]);
    const told = (text: string) => running.logs.filter((line) => line.includes(text));
    expect(told('start it with --node-id edge-1')).toHaveLength(1);
    expect(told('target edge-2 is left out')).toHaveLength(1);
  }, 90_000);
});
