import { seededRandom, systemClock } from '@weir/base';
import { connectAgent, drive } from '@weir/cell';
import { loadFamily, loadSamples } from '@weir/inference';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { endProgram, programs } from './support/programs.ts';
import { weir } from './support/weir.ts';

const variants = ['mobilenet-v1-0.25-int8', 'mobilenet-v1-0.50-int8'].join();

interface Result {
  readonly frames: number;
  readonly logged: { readonly responseMs: number };
  readonly check: { readonly mean: number };
  readonly asked: { readonly accuracy: { readonly mean: number } };
  readonly evidence: { readonly incomplete: number };
}

/** Real processes, and the folder that they leave. */
describe('the data folder of a PolicyService', () => {
  const running = programs();
  const data = mkdtempSync(join(tmpdir(), 'weir-replay-'));
  afterAll(async () => {
    await running[Symbol.asyncDispose]();
    rmSync(data, { recursive: true });
  });

  it('is replayed while the service runs on it, and once it has ended', async () => {
    const policy = await running.service(
      'policy-service',
      `--data=${data}`,
      '--accuracy-floor=0.82',
      '--looks=1',
    );
    const worker = await running.service(
      'inference-worker',
      '--node-id=edge-1',
      '--tier=edge',
      `--variants=${variants}`,
    );
    const agent = await running.service(
      'device-agent',
      '--device-id=camera',
      `--policy=${policy.address}`,
      `--targets=edge-1=edge@${worker.address}`,
      `--local-variants=${variants}`,
    );
    {
      await using client = connectAgent(agent.address);
      const samples = await Promise.all(
        (await loadSamples(await loadFamily())).map(async ({ path, label }) => ({
          file: path,
          label,
          image: await readFile(path),
        })),
      );
      const failed: unknown[] = [];
      await drive({
        client,
        samples,
        arrivals: { pattern: 'poisson', rate: 50, frames: 300 },
        clock: systemClock,
        random: seededRandom(1),
        signal: new AbortController().signal,
        onAnswer: () => {},
        onFailure: (error) => failed.push(error),
      });
      expect(failed).toEqual([]);
    }
    const replayed = async () => {
      const flags = ['--was-floor=0.82', '--was-looks=1', '--floor=0.83', '--resamples=4', '--json'];
      const { code, stdout, stderr } = await weir('replay', `--data=${data}`, ...flags).ended;
      expect(code, stderr).toBe(0);
      return JSON.parse(stdout) as Result;
    };
    expect((await replayed()).frames).toBeGreaterThanOrEqual(200);

    // In the order in which they are needed: a policy that outlives its devices forgets them.
    for (const { child } of [policy, worker, agent]) await endProgram(child, 'SIGTERM');
    const { frames, logged, check, asked, evidence } = await replayed();
    expect(frames).toBeLessThanOrEqual(300);
    expect(evidence.incomplete).toBe(0);
    expect(check.mean).toBeGreaterThan(0);
    expect(logged.responseMs).toBeGreaterThan(0);
    expect(asked.accuracy.mean).toBeGreaterThan(0.82);
  }, 120_000);
});
