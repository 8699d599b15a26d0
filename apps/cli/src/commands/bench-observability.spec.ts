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
  readonly ratio: { readonly mean: number; readonly low: number; readonly high: number };
  readonly spanBytes: number;
  readonly byItself: { readonly offUs: number; readonly sampledUs: number };
  readonly holds: boolean;
}

describe('weir bench observability', () => {
  it('compares an agent without tracing with one whose spans arrive', async () => {
    const { exit, lines } = await run('--repeats=1', '--rounds=3', '--frames=60', '--sampled=1', '--json');
    expect(lines).toHaveLength(1);
    const { framesPerSecond, ratio, spanBytes, byItself, holds } = JSON.parse(lines[0]!) as Result;
    expect(framesPerSecond.off).toBeGreaterThan(0);
    expect(framesPerSecond.sampled).toBeGreaterThan(0);
    expect(ratio.low).toBeLessThanOrEqual(ratio.mean + 1e-9);
    // All frames are sampled here: that must be seen.
    expect(byItself.sampledUs).toBeGreaterThan(2 * byItself.offUs);
    expect(holds).toBeTypeOf('boolean');
    expect(exit).toBe(holds ? 0 : 1);
    // 300 frames of four spans at the agent: more than the SDK keeps back.
    expect(spanBytes).toBeGreaterThan(10_000);
  }, 120_000);

  it.each([
    '--repeats=0',
    '--rounds=0',
    '--sampled=1.5',
    '--in-flight=65',
    '--models=/nowhere',
    '--nonsense',
  ])('refuses %s', async (flag) => {
    await expect(run(flag)).rejects.toBeInstanceOf(ConfigError);
  });
});
