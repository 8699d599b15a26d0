import { seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { mapped, meanOf, middleMean } from './interval.ts';

describe('interval of a figure', () => {
  it('is a point where all values agree', () => {
    expect(middleMean([3, 3, 3], seededRandom(1))).toEqual({ value: 3, low: 3, high: 3 });
    expect(meanOf([3, 3, 3])).toEqual({ value: 3, low: 3, high: 3 });
  });

  it('of the middle half is not moved by values that something else disturbed', () => {
    const values = Array.from({ length: 40 }, (_, index) => 100 + (index % 5));
    const { value, low, high } = middleMean([...values, 9_000, -9_000], seededRandom(1));
    expect(value).toBeCloseTo(102, 0);
    expect(low).toBeLessThanOrEqual(value);
    expect(high).toBeGreaterThanOrEqual(value);
    expect(high - low).toBeLessThan(3);
  });

  it('holds the true value nine times of ten at the least', () => {
    const random = seededRandom(7);
    let holds = 0;
    for (let run = 0; run < 50; run++) {
      const values = Array.from({ length: 40 }, () => 5 + random.normal());
      const { low, high } = middleMean(values, random);
      if (low <= 5 && 5 <= high) holds++;
    }
    expect(holds).toBeGreaterThanOrEqual(45);
  });

  it('of a few values is as wide as their number makes it, and there is none of one', () => {
    // 1, 2 and 3 have a standard error of 1/√3, and two degrees of freedom.
    const { value, low, high } = meanOf([1, 2, 3]);
    expect(value).toBe(2);
    expect(high - value).toBeCloseTo(4.303 / Math.sqrt(3));
    expect(value - low).toBeCloseTo(4.303 / Math.sqrt(3));
    expect(() => meanOf([1])).toThrow(RangeError);
  });

  it('keeps its order when it is mapped', () => {
    expect(mapped({ value: 2, low: 1, high: 4 }, (x) => 1 / x)).toEqual({ value: 0.5, low: 0.25, high: 1 });
  });
});
