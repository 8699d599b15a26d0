import { mean } from '@weir/base';
import type { Estimate } from './results.ts';

/** Mean of independent values with its 95 % interval (normal approximation); of one value, that value alone. */
export function estimate(values: readonly number[]): Estimate {
  const middle = mean(values);
  if (values.length < 2) return { mean: middle, low: middle, high: middle };
  const variance = values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
  const margin = 1.96 * Math.sqrt(variance / values.length);
  return { mean: middle, low: middle - margin, high: middle + margin };
}

/** Share of successes with its 95 % interval. Source: Wilson 1927. */
export function proportion(successes: number, n: number): Estimate {
  if (n === 0) return { mean: NaN, low: 0, high: 1 };
  const z = 1.96;
  const p = successes / n;
  const centre = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const margin = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  return { mean: p, low: Math.max(0, centre - margin), high: Math.min(1, centre + margin) };
}

/**
 * Difference of two shares of successes over the same n cases, with its 95 % interval, which stays open where no case
 * tells the two apart. `onlyFirst`, `onlySecond`: cases in which one alone succeeded. Source: Bonett & Price 2012,
 * "Adjusted Wald confidence interval for a difference of binomial proportions based on paired data".
 */
export function pairedDifference(onlyFirst: number, onlySecond: number, n: number): Estimate {
  if (n === 0) return { mean: NaN, low: -1, high: 1 };
  const [first, second] = [(onlyFirst + 1) / (n + 2), (onlySecond + 1) / (n + 2)];
  const centre = first - second;
  const margin = 1.96 * Math.sqrt((first + second - centre * centre) / (n + 2));
  return {
    mean: (onlyFirst - onlySecond) / n,
    low: Math.max(-1, centre - margin),
    high: Math.min(1, centre + margin),
  };
}
