import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamingQuantile } from './quantile.ts';
import { seededRandom } from './random.ts';
import { percentile } from './statistics.ts';

describe('StreamingQuantile', () => {
  it('is exact for up to five values', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 5 }),
        fc.constantFrom(0.5, 0.95),
        (values, q) => {
          const quantile = new StreamingQuantile(q);
          for (const value of values) quantile.add(value);
          expect(quantile.value()).toBeCloseTo(percentile(values, q), 6);
        },
      ),
    );
  });

  it.each([0.5, 0.9, 0.95, 0.99])('comes within 1 percentile of the true %d quantile', (q) => {
    const random = seededRandom(7);
    const values = Array.from({ length: 20_000 }, () => random.exponential(10));
    const quantile = new StreamingQuantile(q);
    for (const value of values) quantile.add(value);
    const rank = values.filter((value) => value <= quantile.value()).length / values.length;
    expect(Math.abs(rank - q)).toBeLessThan(0.01);
  });

  it('never leaves the range of the values', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 60 }), (values) => {
        const quantile = new StreamingQuantile(0.95);
        for (const value of values) quantile.add(value);
        expect(quantile.value()).toBeGreaterThanOrEqual(Math.min(...values));
        expect(quantile.value()).toBeLessThanOrEqual(Math.max(...values));
      }),
    );
  });
});
