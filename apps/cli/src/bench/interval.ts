import { mean, percentile, type Random } from '@weir/base';

/** A figure, with its 95 % interval. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Mean of the middle half, which blocks that other work of the machine slowed do not move; its interval by the bootstrap.
 * Throws RangeError of nothing.
 */
export function middleMean(values: readonly number[], random: Random): Interval {
  return estimate(values, random, (drawn) => {
    const sorted = drawn.toSorted((a, b) => a - b);
    const cut = Math.floor(sorted.length / 4);
    return mean(sorted.slice(cut, sorted.length - cut));
  });
}

/** Mean, for few values. */
export function meanOf(values: readonly number[], random: Random): Interval {
  return estimate(values, random, mean);
}

/** The interval of a monotone function of the figure. */
export function mapped({ value, low, high }: Interval, by: (value: number) => number): Interval {
  const ends = [by(low), by(high)];
  return { value: by(value), low: Math.min(...ends), high: Math.max(...ends) };
}

function estimate(
  values: readonly number[],
  random: Random,
  centre: (values: readonly number[]) => number,
): Interval {
  if (values.length === 0) throw new RangeError('no values');
  const drawn = Array.from({ length: 2_000 }, () =>
    centre(values.map(() => values[random.integer(values.length)]!)),
  );
  return { value: centre(values), low: percentile(drawn, 0.025), high: percentile(drawn, 0.975) };
}
