import { mean, percentile, type Random } from '@weir/base';

/** A figure, with its 95 % interval. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Mean of the middle half, robust against blocks that other work on the machine slowed down; interval by the bootstrap.
 * Throws RangeError for no values.
 */
export function middleMean(values: readonly number[], random: Random): Interval {
  const drawn = Array.from({ length: 2_000 }, () =>
    middle(values.map(() => values[random.integer(values.length)]!)),
  );
  return { value: middle(values), low: percentile(drawn, 0.025), high: percentile(drawn, 0.975) };
}

/** Mean of the middle half. Throws RangeError for no values. */
export function middle(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('no values');
  const sorted = values.toSorted((a, b) => a - b);
  const cut = Math.floor(sorted.length / 4);
  return mean(sorted.slice(cut, sorted.length - cut));
}

/** Mean of a few values, with the interval of Student's t. Throws RangeError for fewer than two. */
export function meanOf(values: readonly number[]): Interval {
  if (values.length < 2) throw new RangeError('fewer than two values');
  const value = mean(values);
  const freedom = values.length - 1;
  const variance = values.reduce((sum, x) => sum + (x - value) ** 2, 0) / freedom;
  const reach = (studentT[freedom - 1] ?? studentT.at(-1)!) * Math.sqrt(variance / values.length);
  return { value, low: value - reach, high: value + reach };
}

/** 97.5 % quantiles for 1, 2, … degrees of freedom; the last is too large for more, by 2 % at 30. */
const studentT = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086,
];

/** Interval of a monotone function of the figure. */
export function mapped({ value, low, high }: Interval, by: (value: number) => number): Interval {
  const ends = [by(low), by(high)];
  return { value: by(value), low: Math.min(...ends), high: Math.max(...ends) };
}
