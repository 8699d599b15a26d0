import type { Estimate } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { weir } from '../support/weir.ts';

type Kept = Readonly<Record<'processorTime' | 'throughput', Estimate>>;
interface Result extends Readonly<Record<'off' | 'sdkLoaded' | 'sampled' | 'traced', Kept>> {
  readonly processorMsPerFrame: Readonly<Record<'cutOut' | 'off' | 'sampled', number>>;
  readonly spanBytes: number;
  readonly spans: { readonly offUs: number; readonly sampledUs: number };
  readonly console: { readonly framesPerSecond: number; readonly share: Readonly<Record<string, number>> };
  readonly holds: Readonly<Record<'off' | 'traced' | 'console', boolean>>;
}

describe('weir bench observability', () => {
  it('measures tracing cut out, off and on, and the console, in one run', async () => {
    const blocks = ['--repeats=2', '--rounds=2', '--frames=60', '--warm-up=60', '--sampled=1', '--seconds=2'];
    const { code, stdout } = await weir('bench', 'observability', ...blocks, '--json').ended;
    const result = JSON.parse(stdout) as Result;
    for (const perFrame of Object.values(result.processorMsPerFrame)) expect(perFrame).toBeGreaterThan(0);
    for (const { processorTime, throughput } of [result.off, result.sdkLoaded, result.sampled, result.traced])
      for (const { mean, low, high } of [processorTime, throughput]) {
        expect(low).toBeLessThanOrEqual(mean);
        expect(high).toBeGreaterThanOrEqual(mean);
      }
    // All frames are sampled here: that must be seen.
    expect(result.spans.sampledUs).toBeGreaterThan(2 * result.spans.offUs);
    // At least two rounds' 120 frames of each pair of cells of seven spans, and none of the blocks in which tracing is off.
    expect(result.spanBytes).toBeGreaterThan(2 * 120 * 7 * 50);
    expect(result.console.framesPerSecond).toBeGreaterThan(0);
    expect(result.console.share.onePage).toBeGreaterThan(0);
    const { off, traced, console } = result.holds;
    expect(code).toBe(off && traced && console ? 0 : 1);
  }, 240_000);
});
