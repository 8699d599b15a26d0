import { type AgentClient, connectAgent } from '@weir/cell';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { programs } from './support/programs.ts';

const image = readFileSync(new URL('../libs/inference/models/samples/scene-0000.png', import.meta.url));
const variant = 'mobilenet-v1-0.25-int8';

/** Real processes; no agent is told where a worker is, and none has a model of its own. */
describe('a cell without --targets', () => {
  const state = mkdtempSync(join(tmpdir(), 'weir-discovery-'));
  const running = programs();
  afterAll(async () => {
    await running[Symbol.asyncDispose]();
    rmSync(state, { recursive: true });
  });

  const start = (app: string, ...flags: string[]) => {
    const main = fileURLToPath(new URL(`../apps/${app}/src/main.ts`, import.meta.url));
    return running.start([process.execPath, main, ...flags]);
  };

  /** Sends frames one after the other until it is told to stop; tells where each ran. */
  function stream(agent: AgentClient) {
    const ran: string[] = [];
    const failed: unknown[] = [];
    let stopped = false;
    const running = (async () => {
      while (!stopped) {
        const frame = agent.infer({ image, timeoutMs: 30_000 });
        await frame.then(
          ({ placement }) => ran.push(placement?.nodeId ?? ''),
          (error: unknown) => {
            failed.push(error);
            stopped = true;
          },
        );
      }
    })();
    const stop = () => ((stopped = true), running);
    return { ran, failed, stop, [Symbol.asyncDispose]: stop };
  }

  it('uses a second edge box that joins, and loses no frame as the first is stopped', async () => {
    const services = [start('telemetry'), start('policy-service', `--data=${state}`)];
    const [telemetry, policy] = (await Promise.all(services)).map(({ address }) => address);
    const edge = (nodeId: string) =>
      start(
        'inference-worker',
        `--node-id=${nodeId}`,
        `--variants=${variant}`,
        '--max-batch=1',
        '--dilation-factor=300',
        `--telemetry=${telemetry}`,
      );
    const device = async (deviceId: string) => {
      const flags = [`--device-id=${deviceId}`, '--local-variants=none'];
      const { address } = await start(
        'device-agent',
        ...flags,
        `--policy=${policy}`,
        `--telemetry=${telemetry}`,
      );
      return connectAgent(address);
    };
    const [first, ...agents] = await Promise.all([edge('edge-1'), device('device-1'), device('device-2')]);
    await using stack = new AsyncDisposableStack();
    for (const agent of agents) stack.use(agent);
    const targets = async (agent: AgentClient) =>
      (await agent.status()).targets.slice(1).map(({ nodeId, reachable }) => `${nodeId} ${reachable}`);
    const know = (...expected: string[]) =>
      Promise.all(
        agents.map((agent) =>
          vi.waitFor(async () => expect((await targets(agent)).toSorted()).toEqual(expected), {
            timeout: 60_000,
            interval: 100,
          }),
        ),
      );
    await know('edge-1 true');

    // Until then an agent does not know which tiers its frames may go to.
    await Promise.all(
      agents.map((agent) =>
        vi.waitFor(async () => expect((await agent.status()).directiveVersion).toBeGreaterThan(0n), {
          timeout: 60_000,
          interval: 100,
        }),
      ),
    );
    const streams = agents.map((agent) => stack.use(stream(agent)));
    /** Waits until each device has had so many more answers. */
    const more = (count: number) => {
      const before = streams.map(({ ran }) => ran.length);
      return vi.waitFor(
        () => streams.forEach(({ ran }, at) => expect(ran.length).toBeGreaterThan(before[at]! + count)),
        { timeout: 60_000, interval: 20 },
      );
    };
    await more(5);
    await edge('edge-2');
    await know('edge-1 true', 'edge-2 true');

    const ended = once(first.child, 'exit');
    first.child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    await know('edge-2 true');
    const before = streams.map(({ ran }) => ran.length);
    await more(5);
    for (const [at, { ran, failed, stop }] of streams.entries()) {
      await stop();
      expect(ran[0]).toBe('edge-1');
      expect(failed).toEqual([]);
      expect(new Set(ran.slice(before[at]! + 1))).toEqual(new Set(['edge-2']));
    }
  }, 120_000);
});
