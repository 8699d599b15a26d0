import { Unavailable } from '@weir/base';
import { connectAgent } from '@weir/cell';
import { common } from '@weir/proto';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Authority, createAuthority } from '../libs/rpc/src/certificates.fixture.ts';

const image = readFileSync(new URL('../libs/inference/models/samples/scene-0000.png', import.meta.url));
const variant = 'mobilenet-v1-0.25-int8';

/** Real processes that talk to each other by mutual TLS alone, with throw-away certificates. */
describe('a cell under mutual TLS', () => {
  let authority: Authority;
  const children: ChildProcess[] = [];
  const state = mkdtempSync(join(tmpdir(), 'weir-tls-state-'));

  async function start(app: string, name: string, ...flags: string[]): Promise<string> {
    const { cert, key } = authority.issue(name);
    const main = fileURLToPath(new URL(`../apps/${app}/src/main.ts`, import.meta.url));
    const tls = [`--tls-cert=${cert}`, `--tls-key=${key}`, `--tls-ca=${authority.ca}`];
    const child = spawn(process.execPath, [main, ...tls, '--log-level=warn', ...flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    return (JSON.parse(line) as { address: string }).address;
  }

  let agentAddress: string;
  beforeAll(async () => {
    authority = createAuthority();
    const [telemetry, policy, edge] = await Promise.all([
      start('telemetry', 'telemetry'),
      start('policy-service', 'policy', `--data=${state}`),
      start('inference-worker', 'edge-1', '--node-id=edge-1', '--tier=edge', `--variants=${variant}`),
    ]);
    agentAddress = await start(
      'device-agent',
      'device-1',
      `--policy=${policy}`,
      `--telemetry=${telemetry}`,
      `--targets=edge-1=edge@${edge}`,
      '--local-variants=none',
    );
  });

  afterAll(async () => {
    await Promise.all(
      children.map(async (child) => {
        if (child.exitCode !== null) return;
        child.kill('SIGTERM');
        await once(child, 'exit');
      }),
    );
    authority[Symbol.dispose]();
    rmSync(state, { recursive: true, force: true });
  });

  it('answers a frame at the edge, by the policy’s plan, for an application with a certificate', async () => {
    const tls = { ca: authority.ca, ...authority.issue('application') };
    await using device = connectAgent(agentAddress, { tls });
    await vi.waitFor(
      async () => {
        const { policyConnected, directiveVersion } = await device.status();
        expect(policyConnected).toBe(true);
        expect(directiveVersion).toBeGreaterThan(0n);
      },
      { timeout: 15_000, interval: 50 },
    );
    const { placement } = await device.infer({ image });
    expect(placement).toEqual({ tier: common.Tier.EDGE, nodeId: 'edge-1', variant });
  }, 30_000);

  it('lets nobody in without a certificate of its authority', async () => {
    using stranger = createAuthority('Stranger');
    const { ca } = authority;
    for (const tls of [{ ca }, { ca, ...stranger.issue('stranger') }, undefined]) {
      await using device = connectAgent(agentAddress, tls ? { tls } : {});
      await expect(device.status()).rejects.toBeInstanceOf(Unavailable);
    }
  });
});
