import { mean, percentile, type Random } from '@weir/base';

/** A ratio, with its 95 % interval. */
export interface Ratio {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Median of paired ratios, which a block that other work of the machine slowed does not move; its interval by the
 * bootstrap. Throws RangeError without pairs.
 */
export function medianRatio(pairs: readonly (readonly [number, number])[], random: Random): Ratio {
  return estimate(pairs, random, (logs) => percentile(logs, 0.5));
}

/** Geometric mean, for few pairs. */
export function meanRatio(pairs: readonly (readonly [number, number])[], random: Random): Ratio {
  return estimate(pairs, random, mean);
}

function estimate(
  pairs: readonly (readonly [number, number])[],
  random: Random,
  centre: (logs: readonly number[]) => number,
): Ratio {
  if (pairs.length === 0) throw new RangeError('no pairs');
  const logs = pairs.map(([above, below]) => Math.log(above / below));
  const drawn = Array.from({ length: 2_000 }, () =>
    centre(logs.map(() => logs[random.integer(logs.length)]!)),
  );
  const at = (q: number) => Math.exp(percentile(drawn, q));
  return { value: Math.exp(centre(logs)), low: at(0.025), high: at(0.975) };
}
