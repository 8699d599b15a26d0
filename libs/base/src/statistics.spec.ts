import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from './random.ts';
import {
  bootstrap,
  estimate,
  interquartileMean,
  mean,
  lowerMedian,
  median,
  pairedDifference,
  percentile,
  proportion,
} from './statistics.ts';

const figures = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 30 });

describe('percentile', () => {
  it('interpolates as R’s quantile() does', () => {
    // quantile(c(1, 2, 4, 8, 16), c(0.1, 0.5, 0.9)), type 7.
    const values = [16, 1, 8, 2, 4];
    expect([0, 0.1, 0.5, 0.9, 1].map((q) => percentile(values, q))).toEqual([1, 1.4, 4, 12.8, 16]);
    expect(median([3, 1])).toBe(2);
  });

  it('lies among the values and never falls as q grows', () => {
    const fraction = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(figures, fraction, fraction, (values, a, b) => {
        const [low, high] = [percentile(values, Math.min(a, b)), percentile(values, Math.max(a, b))];
        expect(low).toBeLessThanOrEqual(high);
        expect(low).toBeGreaterThanOrEqual(Math.min(...values));
        expect(high).toBeLessThanOrEqual(Math.max(...values));
      }),
    );
  });

  it('takes what never came as later than anything', () => {
    expect(median([1, Infinity, Infinity])).toBe(Infinity);
    expect(median([1, Infinity])).toBe(Infinity);
    expect(median([1, 2, Infinity])).toBe(2);
  });

  it('is none of nothing', () => expect(median([])).toBeNaN());

  it('is a value that is among them, where the lower one is asked for', () => {
    const values = [30, 4, 200, 4.5];
    expect(lowerMedian(values)).toBe(4.5);
    expect(values).toEqual([30, 4, 200, 4.5]);
    expect(lowerMedian([30, 4, 200])).toBe(30);
    expect(lowerMedian([7])).toBe(7);
    expect(lowerMedian([])).toBeNaN();
  });
});

describe('interquartileMean', () => {
  it('is not moved by values that something disturbed', () => {
    const values = [100, 101, 102, 103, 104, 102];
    expect(interquartileMean([...values, 9_000, -9_000])).toBeCloseTo(102, 9);
    expect(mean([...values, 9_000])).toBeGreaterThan(1_000);
  });
});

describe('estimate', () => {
  it.each([
    [2, 12.7062],
    [3, 4.3027],
    [10, 2.2622],
    [11, 2.2281],
    [21, 2.086],
    [31, 2.0423],
    [1_001, 1.9623],
  ])('of %i values reaches as far as Student’s t, %f standard errors', (n, t) => {
    const values = Array.from({ length: n }, (_, at) => at);
    const { mean: middle, low, high } = estimate(values);
    // The variance of 0..n-1 is n (n + 1) / 12.
    const standardError = Math.sqrt((n + 1) / 12);
    expect(middle).toBe((n - 1) / 2);
    expect((high - middle) / standardError).toBeCloseTo(t, 3);
    expect((middle - low) / standardError).toBeCloseTo(t, 3);
  });

  it('makes no interval out of one value, and nothing of nothing', () => {
    expect(estimate([7])).toEqual({ mean: 7, low: 7, high: 7 });
    expect(estimate([])).toEqual({ mean: NaN, low: NaN, high: NaN });
  });
});

describe('proportion', () => {
  it('is Wilson’s interval', () => {
    // Newcombe 1998, table I: 81 of 263.
    const { mean: share, low, high } = proportion(81, 263);
    expect(share).toBeCloseTo(0.308, 4);
    expect(low).toBeCloseTo(0.2553, 3);
    expect(high).toBeCloseTo(0.3662, 3);
  });

  it('stays within 0 and 1, and is wide where nothing was seen', () => {
    expect(proportion(0, 10).low).toBeCloseTo(0, 12);
    expect(proportion(10, 10).high).toBeCloseTo(1, 12);
    expect(proportion(0, 0)).toMatchObject({ low: 0, high: 1 });
  });
});

describe('pairedDifference', () => {
  it('is the share won less the share lost', () => {
    const { mean: difference, low, high } = pairedDifference(12, 2, 100);
    expect(difference).toBeCloseTo(0.1, 12);
    expect(low).toBeGreaterThan(0);
    expect(high).toBeLessThan(0.2);
  });

  it('is not certain of a difference of 0 because none was seen', () => {
    const { mean: difference, low, high } = pairedDifference(0, 0, 300);
    expect(difference).toBe(0);
    // About three in three hundred: the rule of three.
    expect(high).toBeGreaterThan(0.005);
    expect(high).toBeLessThan(0.015);
    expect(low).toBeCloseTo(-high, 12);
  });
});

describe('bootstrap', () => {
  it('is a point where every resample tells the same', () => {
    expect(bootstrap(() => 3)).toEqual({ low: 3, high: 3 });
  });

  it('is the middle 95 % of what was drawn, without what told nothing', () => {
    let next = 0;
    expect(bootstrap(() => (next++ % 2 === 0 ? NaN : next / 2), 2_002)).toEqual({ low: 26, high: 976 });
  });

  it('of a mean holds the true value nine times of ten at the least', () => {
    const random = seededRandom(7);
    const holds = Array.from({ length: 50 }, () => {
      const values = Array.from({ length: 40 }, () => 5 + random.normal());
      const drawn = () => mean(values.map(() => values[random.integer(values.length)]!));
      const { low, high } = bootstrap(drawn);
      return low <= 5 && 5 <= high;
    });
    expect(holds.filter(Boolean).length).toBeGreaterThanOrEqual(45);
  });
});
