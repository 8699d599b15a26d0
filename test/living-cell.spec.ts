import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cellFile, smallCell } from './support/small-cell.ts';
import { descendants, isAlive, weir } from './support/weir.ts';

interface Summary {
  requests: number;
  succeeded: number;
  failed: number;
  accuracy: { top1: number; expected: number; floor: number };
  responseMs: { mean: number; p50: number; p95: number; p99: number };
  hopsMs: Record<string, number>;
  placements: { tier: string; variant: string; share: number }[];
  learner: string;
  firstAnswerMs: number;
  restarts: Record<string, number>;
  emulated: string[];
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
const summaryOf = (stdout: string) => {
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  return JSON.parse(stdout) as Summary;
};

describe('weir up', () => {
  const oneDevice = cellFile(smallCell({ devices: 1 }));

  it('answers 300 labelled frames on a living cell and says where, how well and how fast', async () => {
    const run = weir('up', '--devices', '3', '--requests', '300', '--json');
    const { code, stdout, stderr } = await run.ended;
    expect(stderr).toContain('starting 8 processes');
    expect(code).toBe(0);
    const summary = summaryOf(stdout);
    expect(summary).toMatchObject({
      requests: 300,
      succeeded: 300,
      failed: 0,
      learner: 'planner',
      restarts: {},
    });

    // Three points beside the sampling error of 300 frames (99.9 %).
    const { top1, expected, floor } = summary.accuracy;
    const samplingError = 3.29 * Math.sqrt((expected * (1 - expected)) / 300);
    expect(Math.abs(top1 - expected)).toBeLessThan(0.03 + samplingError);
    expect(expected).toBeGreaterThanOrEqual(floor - 1e-9);

    expect(new Set(summary.placements.map(({ tier }) => tier)).size).toBeGreaterThanOrEqual(2);
    expect(sum(summary.placements.map(({ share }) => share))).toBeCloseTo(1);
    expect(sum(Object.values(summary.hopsMs))).toBeCloseTo(summary.responseMs.mean, 3);
    for (const hop of ['uplinkMs', 'computeMs', 'downlinkMs'])
      expect(summary.hopsMs[hop], hop).toBeGreaterThan(0);
    const { p50, p95, p99 } = summary.responseMs;
    expect(p50).toBeLessThanOrEqual(p95);
    expect(p95).toBeLessThanOrEqual(p99);
    expect(summary.emulated.join()).toMatch(/links: regular.*processors/);
  }, 120_000);

  it('shows one address, the console; drains on Ctrl-C, sums up, exits with 130 and leaves no process behind', async () => {
    const run = weir('up', '--cell', oneDevice, '--rate', '5', '--console', '127.0.0.1:0', '--json');
    await run.line(/device-1: [1-9]\d* answered/);
    const started = descendants(run.child.pid!);
    expect(started.length).toBeGreaterThanOrEqual(6);
    // As a terminal and npm together deliver one Ctrl-C.
    run.child.kill('SIGINT');
    run.child.kill('SIGINT');
    const { code, stdout, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stderr.match(/127\.0\.0\.1:\d+/g)).toHaveLength(1);
    expect(stderr).toMatch(/console at http:\/\/127/);
    const summary = summaryOf(stdout);
    expect(summary.succeeded).toBeGreaterThan(0);
    expect(summary.failed).toBe(0);
    expect(started.filter(isAlive)).toEqual([]);
  }, 120_000);

  it('takes its processes with it when it is killed', async () => {
    const run = weir('up', '--cell', oneDevice, '--json', '--verbose');
    await run.line(/device-1 answers on/);
    const started = descendants(run.child.pid!);
    expect(started.length).toBeGreaterThanOrEqual(6);
    run.child.kill('SIGKILL');
    await run.ended;
    // There is nobody left who could tell.
    await expect.poll(() => started.filter(isAlive), { timeout: 20_000, interval: 100 }).toEqual([]);
  }, 120_000);

  it('refuses what cannot work before anything starts, naming the flag', async () => {
    const run = weir('up', '--log-dir', '/dev/null/nowhere');
    const { code, stderr } = await run.ended;
    expect(code).toBe(64);
    expect(stderr).toMatch(/--log-dir: \/dev\/null\/nowhere/);
    expect(stderr).not.toMatch(/starting/);
  }, 120_000);
});

describe('weir infer', () => {
  it('says what more pictures show than an agent takes at once, and which ones it cannot read', async () => {
    const samples = new URL('../libs/inference/models/samples/', import.meta.url).pathname;
    const notAPicture = new URL('living-cell.spec.ts', import.meta.url).pathname;
    const folder = await mkdtemp(join(tmpdir(), 'weir-infer-'));
    try {
      const tooLarge = join(folder, 'large.png');
      await writeFile(tooLarge, new Uint8Array(20_000_000));
      const pictures = Array.from({ length: 80 }, () => `${samples}scene-0000.png`);
      const run = weir('infer', notAPicture, tooLarge, ...pictures, '--json');
      const { code, stdout } = await run.ended;
      expect(code).toBe(1);
      const { images } = JSON.parse(stdout) as { images: Record<string, unknown>[] };
      const fault = (file: string, pattern: RegExp) => ({
        file,
        error: expect.stringMatching(pattern) as string,
      });
      expect(images.slice(0, 2)).toMatchObject([
        fault(notAPicture, /image|picture|PNG/i),
        fault(tooLarge, /at most 4194304 bytes/),
      ]);
      expect(images.slice(2)).toHaveLength(pictures.length);
      for (const image of images.slice(2))
        expect(image).toMatchObject({
          label: expect.stringMatching(/\w/) as string,
          confidence: expect.any(Number) as number,
          placement: {
            tier: expect.stringMatching(/^(device|edge|cloud)$/) as string,
            variant: expect.stringMatching(/^mobilenet/) as string,
          },
          hopsMs: { computeMs: expect.any(Number) as number },
        });
    } finally {
      await rm(folder, { recursive: true });
    }
  }, 120_000);
});
