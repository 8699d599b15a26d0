import { percentile } from '@weir/base';

/** Runs of a variant when it is measured. */
const runs = 3;
/** A run as long as this is measured well enough by itself, ms. */
const longRunMs = 100;

/** Median of three runs, ms; of one when it is a long one. `run` resolves to what it took, ms. */
export async function medianRunMs(run: () => Promise<number>): Promise<number> {
  const tookMs: number[] = [];
  do tookMs.push(await run());
  while (tookMs.length < runs && tookMs[0]! < longRunMs);
  return percentile(tookMs, 0.5);
}
