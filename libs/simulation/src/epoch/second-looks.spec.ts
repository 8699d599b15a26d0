import type { LookCurves, Placement } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { meanOverCount, worthOf } from './second-looks.ts';

describe('meanOverCount', () => {
  it('is the value itself where nothing can happen, or only one thing can', () => {
    expect(meanOverCount([], (count) => 5 + count)).toBe(5);
    expect(meanOverCount([1, 1], (count) => 5 + count)).toBe(7);
  });

  it('weighs every number of events with its chance', () => {
    // 0: 0.45, 1: 0.5, 2: 0.05.
    expect(meanOverCount([0.5, 0.1], (count) => [1, 10, 100][count]!)).toBeCloseTo(0.45 + 5 + 5, 12);
  });
});

describe('worthOf', () => {
  const step = { marginBelow: 0.3, share: 0.2, gain: 0.02, standardError: 0.001 };
  const looks: LookCurves = {
    version: 'v',
    pictures: 100,
    curves: [{ first: 'small', second: 'large', steps: [step] }],
  };
  const first: Placement = { tier: 'device', nodeId: 'a', variant: 'small' };
  const placement: Placement = { tier: 'edge', nodeId: 'edge', variant: 'large' };

  it('reads the step off the curve', () => {
    expect(worthOf(looks, first, { placement, marginBelow: 0.3, curves: 'v' })).toMatchObject({
      share: 0.2,
      gain: 0.02,
    });
  });

  it('knows what is no step of the curves', () => {
    expect(() => worthOf(looks, first, { placement, marginBelow: 0.4, curves: 'v' })).toThrow(RangeError);
    expect(() => worthOf(looks, first, { placement, marginBelow: 0.3, curves: 'w' })).toThrow(RangeError);
    expect(() => worthOf(undefined, first, { placement, marginBelow: 0.3, curves: 'v' })).toThrow(RangeError);
  });
});
