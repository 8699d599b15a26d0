import type { BatchCurve } from '@weir/inference';
import { describe, expect, it } from 'vitest';
import { batchFigures } from './batch-figures.ts';

describe('batchFigures', () => {
  it('tells the largest batch and the times of each variant that takes batches', () => {
    const curve = (limit: number, times: BatchCurve['times']): BatchCurve => ({
      limit,
      times,
      factor: (size) => size,
    });
    const curves = new Map([
      ['v', curve(2, { 1: 10, 2: 12, 4: 24 })],
      ['alone', curve(1, { 1: 10 })],
    ]);
    expect(batchFigures(curves)).toEqual([{ variant: 'v', limit: 2, timesMs: { 1: 10, 2: 12, 4: 24 } }]);
  });
});
