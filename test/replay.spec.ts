import { seededRandom, systemClock } from '@weir/base';
import { connectAgent, drive } from '@weir/cell';
import { loadFamily, loadSamples } from '@weir/inference';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
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
  const children: ChildProcess[] = [];
  const data = mkdtempSync(join(tmpdir(), 'weir-replay-'));
  afterAll(() => {
    for (const child of children) child.kill();
    rmSync(data, { recursive: true, force: true });
  });

  async function start(app: string, ...flags: string[]): Promise<string> {
    const main = fileURLToPath(new URL(`../apps/${app}/src/main.ts`, import.meta.url));
    const child = spawn(process.execPath, [main, '--log-level=warn', ...flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    return (JSON.parse(line) as { address: string }).address;
  }

  it('is replayed while the service runs on it, and once it has ended', async () => {
    const policy = await start('policy-service', `--data=${data}`, '--accuracy-floor=0.82', '--looks=1');
    const worker = await start(
      'inference-worker',
      '--node-id=edge-1',
      '--tier=edge',
      `--variants=${variants}`,
    );
    const address = await start(
      'device-agent',
      '--device-id=camera',
      `--policy=${policy}`,
      `--targets=edge-1=edge@${worker}`,
      `--local-variants=${variants}`,
    );
    {
      await using client = connectAgent(address);
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
        arrivals: { pattern: 'poisson', rate: 25, frames: 300 },
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
    for (const child of children) {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    }
    const { frames, logged, check, asked, evidence } = await replayed();
    expect(frames).toBeLessThanOrEqual(300);
    expect(evidence.incomplete).toBe(0);
    expect(check.mean).toBeGreaterThan(0);
    expect(logged.responseMs).toBeGreaterThan(0);
    expect(asked.accuracy.mean).toBeGreaterThan(0.82);
  }, 120_000);
});
