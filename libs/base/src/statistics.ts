/** A mean with its 95 % interval. */
export interface Estimate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** 95 % interval. */
export type Interval = Pick<Estimate, 'low' | 'high'>;

/** Arithmetic mean; NaN of nothing. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * The value below which the fraction `q` (0..1) of `values` lies, linearly interpolated between its neighbours; NaN of
 * nothing. Infinite values count as larger than any. Source: Hyndman & Fan 1996, definition 7, that of R, NumPy and d3.
 */
export function percentile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const low = Math.floor(position);
  const below = sorted[low] ?? NaN;
  const above = sorted[low + 1] ?? below;
  return position === low || above === below ? below : below + (above - below) * (position - low);
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** Of an even number the lower one of the middle: a value that is among them. NaN of nothing. */
export function lowerMedian(values: readonly number[]): number {
  // Sorted natively: with a function that compares, a few values cost ten times their own memory.
  const sorted = new Float64Array(values).sort();
  return sorted[(sorted.length - 1) >> 1] ?? NaN;
}

/** Mean of the middle half, which disturbed values do not move; NaN of nothing. */
export function interquartileMean(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const cut = Math.floor(sorted.length / 4);
  return mean(sorted.slice(cut, sorted.length - cut));
}

/** Of independent values, by Student's t; of one value, that value alone; NaN of nothing. */
export function estimate(values: readonly number[]): Estimate {
  const middle = mean(values);
  const freedom = values.length - 1;
  if (freedom < 1) return { mean: middle, low: middle, high: middle };
  const variance = values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / freedom;
  const margin = studentT(freedom) * Math.sqrt(variance / values.length);
  return { mean: middle, low: middle - margin, high: middle + margin };
}

/**
 * Of one figure whose resamples scatter as these values do, and that may be off by `bias` besides (a standard deviation);
 * by Student's t, NaN of nothing.
 */
export function estimateOfResamples(values: readonly number[], bias = 0): Estimate {
  const middle = mean(values);
  const freedom = values.length - 1;
  if (freedom < 1) return { mean: middle, low: middle, high: middle };
  const variance = values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / freedom;
  const margin = studentT(freedom) * Math.sqrt(variance + bias * bias);
  return { mean: middle, low: middle - margin, high: middle + margin };
}

/** 97.5 % quantile of the normal distribution. */
const z = 1.959964;

/** The same of Student's t, for few degrees of freedom. */
const fewDegrees = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622];

/** For many to 0.0002. Source: Abramowitz & Stegun 1964, 26.7.5. */
function studentT(freedom: number): number {
  const known = fewDegrees[freedom - 1];
  if (known !== undefined) return known;
  const [g1, g2, g3] = [
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
  ];
  return z + g1 / freedom + g2 / freedom ** 2 + g3 / freedom ** 3;
}

/** Share of successes. Source: Wilson 1927. */
export function proportion(successes: number, n: number): Estimate {
  if (n === 0) return { mean: NaN, low: 0, high: 1 };
  const p = successes / n;
  const centre = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const margin = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  return { mean: p, low: Math.max(0, centre - margin), high: Math.min(1, centre + margin) };
}

/**
 * Difference of two shares of successes over the same n cases; its interval stays open where no case tells the two apart.
 * `onlyFirst`, `onlySecond`: cases in which one alone succeeded. Source: Bonett & Price 2012, "Adjusted Wald confidence
 * interval for a difference of binomial proportions based on paired data".
 */
export function pairedDifference(onlyFirst: number, onlySecond: number, n: number): Estimate {
  if (n === 0) return { mean: NaN, low: -1, high: 1 };
  const [first, second] = [(onlyFirst + 1) / (n + 2), (onlySecond + 1) / (n + 2)];
  const centre = first - second;
  const margin = z * Math.sqrt((first + second - centre * centre) / (n + 2));
  return {
    mean: (onlyFirst - onlySecond) / n,
    low: Math.max(-1, centre - margin),
    high: Math.min(1, centre + margin),
  };
}

/**
 * Percentile bootstrap. `draw` gives the figure of one resample; where it is not finite, the resample had nothing to tell.
 * Source: Efron 1979.
 */
export function bootstrap(draw: () => number, resamples = 2_000): Interval {
  const drawn = Array.from({ length: resamples }, draw).filter(Number.isFinite);
  return { low: percentile(drawn, 0.025), high: percentile(drawn, 0.975) };
}
