import { describe, expect, it } from 'vitest';
import { batchCurve, batchSizes } from './batch-curve.ts';

describe('batchSizes', () => {
  it('doubles up to the most, itself included', () => {
    expect(batchSizes(1)).toEqual([1]);
    expect(batchSizes(8)).toEqual([1, 2, 4, 8]);
    expect(batchSizes(6)).toEqual([1, 2, 4, 6]);
  });
});

describe('batchCurve', () => {
  it('goes up to the size where throughput still gains 10 %', () => {
    // 1, 1.67, 1.90 and 1.95 times the throughput of one alone.
    expect(batchCurve({ 1: 10, 2: 12, 4: 21, 8: 41 }).limit).toBe(4);
    expect(batchCurve({ 1: 10, 2: 19, 4: 36 }).limit).toBe(1);
    expect(batchCurve({ 1: 10 }).limit).toBe(1);
  });

  it('keeps the times as measured', () => {
    expect(batchCurve({ 1: 10, 2: 19 }).times).toEqual({ 1: 10, 2: 19 });
  });

  it('tells the time of any size relative to one alone', () => {
    const { factor } = batchCurve({ 1: 10, 2: 12, 4: 20 });
    expect([1, 2, 3, 4, 8].map(factor)).toEqual([1, 1.2, 1.6, 2, 4]);
  });
});
