import { median } from '@weir/base';

/** Runs per measurement. */
const runs = 3;
/** A run of at least this long, ms, is precise enough by itself. */
const longRunMs = 100;

/** Median of three runs, ms, or one long run. `run` resolves to its duration, ms. */
export async function medianRunMs(run: () => Promise<number>): Promise<number> {
  const tookMs: number[] = [];
  do tookMs.push(await run());
  while (tookMs.length < runs && tookMs[0]! < longRunMs);
  return median(tookMs);
}
