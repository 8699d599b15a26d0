import { describe, expect, it } from 'vitest';
import { estimate, pairedDifference, proportion } from './statistics.ts';

describe('estimate', () => {
  it('gives the mean with 1.96 standard errors on both sides', () => {
    const { mean, low, high } = estimate([1, 2, 3, 4, 5]);
    expect(mean).toBe(3);
    expect(high - mean).toBeCloseTo((1.96 * Math.sqrt(2.5)) / Math.sqrt(5), 12);
    expect(mean - low).toBeCloseTo(high - mean, 12);
  });

  it('makes no interval out of one value', () => {
    expect(estimate([7])).toEqual({ mean: 7, low: 7, high: 7 });
  });
});

describe('proportion', () => {
  it('is Wilson’s interval', () => {
    // Newcombe 1998, table I: 81 of 263.
    const { mean, low, high } = proportion(81, 263);
    expect(mean).toBeCloseTo(0.308, 4);
    expect(low).toBeCloseTo(0.2553, 3);
    expect(high).toBeCloseTo(0.3662, 3);
  });

  it('stays within 0 and 1, and is wide where nothing was seen', () => {
    expect(proportion(0, 10).low).toBe(0);
    expect(proportion(10, 10).high).toBe(1);
    expect(proportion(0, 0)).toMatchObject({ low: 0, high: 1 });
  });
});

describe('pairedDifference', () => {
  it('is the share won less the share lost', () => {
    expect(pairedDifference(12, 2, 100).mean).toBeCloseTo(0.1, 12);
    const { low, high } = pairedDifference(12, 2, 100);
    expect(low).toBeGreaterThan(0);
    expect(high).toBeLessThan(0.2);
  });

  it('is not certain of a difference of 0 because none was seen', () => {
    const { mean, low, high } = pairedDifference(0, 0, 300);
    expect(mean).toBe(0);
    // About three in three hundred: the rule of three.
    expect(high).toBeGreaterThan(0.005);
    expect(high).toBeLessThan(0.015);
    expect(low).toBeCloseTo(-high, 12);
  });
});
