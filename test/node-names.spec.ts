import { connectAgent } from '@weir/cell';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';

const image = readFileSync(new URL('../libs/inference/models/samples/scene-0000.png', import.meta.url));
const variant = 'mobilenet-v1-0.25-int8';

/** Real processes whose names do not agree. */
describe('a worker that calls itself otherwise than its devices do', () => {
  const children: ChildProcess[] = [];
  const logs: string[] = [];
  const state = mkdtempSync(join(tmpdir(), 'weir-names-'));
  afterAll(async () => {
    for (const child of children) {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    }
    rmSync(state, { recursive: true });
  });

  async function start(app: string, ...flags: string[]): Promise<string> {
    const main = fileURLToPath(new URL(`../apps/${app}/src/main.ts`, import.meta.url));
    const child = spawn(process.execPath, [main, '--log-level=warn', ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    createInterface({ input: child.stderr }).on('line', (line) => logs.push(line));
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    return (JSON.parse(line) as { address: string }).address;
  }

  it('is planned for under the name of its target, once, and the fault is named', async () => {
    const [policy, worker] = await Promise.all([
      start('policy-service', `--data=${state}`),
      start('inference-worker', '--node-id=worker-1', '--tier=edge', `--variants=${variant}`),
    ]);
    const address = await start(
      'device-agent',
      `--policy=${policy}`,
      `--targets=edge-1=edge@${worker},edge-2=edge@${worker}`,
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
    const told = (text: string) => logs.filter((line) => line.includes(text));
    expect(told('start it with --node-id edge-1')).toHaveLength(1);
    expect(told('target edge-2 is left out')).toHaveLength(1);
  }, 90_000);
});
