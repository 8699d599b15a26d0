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

interface Kept {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}
interface Result {
  readonly processorMsPerFrame: Readonly<Record<'cutOut' | 'off' | 'sampled', number>>;
  readonly off: { readonly processorTime: Kept; readonly throughput: Kept };
  readonly sampled: { readonly processorTime: Kept; readonly throughput: Kept };
  readonly sdkLoaded: { readonly processorTime: Kept };
  readonly spanBytes: number;
  readonly spans: { readonly offUs: number; readonly sampledUs: number };
  readonly console: { readonly framesPerSecond: number; readonly share: Readonly<Record<string, number>> };
  readonly holds: Readonly<Record<'off' | 'sampled' | 'console', boolean>>;
}

describe('weir bench observability', () => {
  it('measures tracing cut out, off and on, and the console, in one run', async () => {
    const { exit, lines } = await run(
      '--repeats=1',
      '--rounds=2',
      '--frames=60',
      '--sampled=1',
      '--seconds=2',
      '--json',
    );
    expect(lines).toHaveLength(1);
    const result = JSON.parse(lines[0]!) as Result;
    for (const perFrame of Object.values(result.processorMsPerFrame)) expect(perFrame).toBeGreaterThan(0);
    for (const { processorTime, throughput } of [result.off, result.sampled])
      for (const { value, low, high } of [processorTime, throughput]) {
        expect(low).toBeLessThanOrEqual(value);
        expect(high).toBeGreaterThanOrEqual(value);
      }
    // All frames are sampled here: that must be seen.
    expect(result.spans.sampledUs).toBeGreaterThan(2 * result.spans.offUs);
    // At least the two rounds' 120 frames of seven spans, and none of the blocks in which tracing is off.
    expect(result.spanBytes).toBeGreaterThan(120 * 7 * 50);
    expect(result.console.framesPerSecond).toBeGreaterThan(0);
    expect(result.console.share.onePage).toBeGreaterThan(0);
    const { off, sampled, console } = result.holds;
    expect(exit).toBe(off && sampled && console ? 0 : 1);
  }, 240_000);

  it.each([
    '--repeats=0',
    '--rounds=0',
    '--sampled=1.5',
    '--in-flight=65',
    '--seconds=0',
    '--models=/nowhere',
    '--nonsense',
  ])('refuses %s', async (flag) => {
    await expect(run(flag)).rejects.toBeInstanceOf(ConfigError);
  });
});
