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
