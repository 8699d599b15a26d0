import { percentile, type Random } from '@weir/base';

/** Times of one way of doing the same thing, ms. */
export interface TimesMs {
  readonly n: number;
  readonly p50: number;
  readonly p95: number;
}

export const timesOf = (samplesMs: readonly number[]): TimesMs => ({
  n: samplesMs.length,
  p50: percentile(samplesMs, 0.5),
  p95: percentile(samplesMs, 0.95),
});

/**
 * Times two ways of doing the same thing in pairs, in random order within each pair, so that whatever else the machine
 * does affects both alike. `now`: ms. Returns the samples of both, pair by pair.
 */
export async function interleave(
  ways: readonly [() => Promise<unknown>, () => Promise<unknown>],
  { pairs, random, now, signal }: { pairs: number; random: Random; now: () => number; signal: AbortSignal },
): Promise<readonly [number[], number[]]> {
  const samplesMs: [number[], number[]] = [[], []];
  for (let pair = 0; pair < pairs && !signal.aborted; pair++) {
    const first = random.integer(2) as 0 | 1;
    for (const way of [first, 1 - first] as (0 | 1)[]) {
      const from = now();
      await ways[way]();
      samplesMs[way].push(now() - from);
    }
  }
  return samplesMs;
}
