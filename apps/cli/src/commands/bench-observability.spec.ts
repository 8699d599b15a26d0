import { ConfigError } from '@weir/base';
import { describe, expect, it } from 'vitest';
import bench from './bench-observability.ts';

async function run(...argv: string[]) {
  const lines: string[] = [];
  const exit = await bench(
    { argv, env: {} },
    { signal: new AbortController().signal, stdout: (text) => lines.push(text), stderr: () => {} },
  );
  return { exit, lines };
}

interface Result {
  readonly framesPerSecond: { readonly off: number; readonly sampled: number };
  readonly ratio: { readonly p50: number; readonly low: number; readonly high: number };
  readonly spanBytes: number;
  readonly off: { readonly perFrameUs: number; readonly share: number };
  readonly holds: boolean;
}

describe('weir bench observability', () => {
  it('compares an agent without tracing with one whose spans arrive', async () => {
    const { exit, lines } = await run('--rounds=3', '--frames=60', '--sampled=1', '--json');
    expect(lines).toHaveLength(1);
    const { framesPerSecond, ratio, spanBytes, off, holds } = JSON.parse(lines[0]!) as Result;
    expect(framesPerSecond.off).toBeGreaterThan(0);
    expect(framesPerSecond.sampled).toBeGreaterThan(0);
    expect(ratio.low).toBeLessThanOrEqual(ratio.p50);
    expect(ratio.p50).toBeLessThanOrEqual(ratio.high);
    expect(off.share).toBeLessThan(0.02);
    expect(holds).toBe(ratio.p50 >= 0.98);
    expect(exit).toBe(holds ? 0 : 1);
    // 240 frames of four spans at the agent: more than the SDK keeps back.
    expect(spanBytes).toBeGreaterThan(10_000);
  }, 120_000);

  it.each(['--rounds=0', '--sampled=1.5', '--in-flight=65', '--models=/nowhere', '--nonsense'])(
    'refuses %s',
    async (flag) => {
      await expect(run(flag)).rejects.toBeInstanceOf(ConfigError);
    },
  );
});
