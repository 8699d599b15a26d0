import { describe, expect, it } from 'vitest';
import type { CurvePoint } from '../measure/results.ts';
import { drawnCurve, excessOver } from './curve.ts';

const curve: CurvePoint[] = Array.from({ length: 5_000 }, (_, at) => ({
  epoch: at + 1,
  atMs: null,
  phase: 'learning',
  responseMs: 300,
  tableMs: 200 + at,
  bestKnownMs: 200 + at,
  accuracy: 0.86,
  explored: at % 10 === 9,
  devices: [],
}));

const byTable = ({ tableMs }: CurvePoint): number => tableMs;

describe('drawnCurve', () => {
  it('keeps each of few epochs', () => {
    expect(drawnCurve(curve.slice(0, 3), byTable, 'linear')).toEqual([
      { x: 1, y: 200 },
      { x: 2, y: 201 },
      { x: 3, y: 202 },
    ]);
  });

  it.each(['linear', 'logarithmic'] as const)('averages epochs that lie close on a %s axis', (axis) => {
    const points = drawnCurve(curve, byTable, axis);
    expect(points.length).toBeGreaterThan(40);
    expect(points.length).toBeLessThanOrEqual(100);
    for (const { x, y } of points) expect(y).toBeCloseTo(199 + x);
  });

  it('leaves out what has no value, and has nothing to draw of no epochs', () => {
    expect(drawnCurve(curve.slice(0, 9), () => NaN, 'linear')).toEqual([]);
    expect(drawnCurve([], () => 1, 'logarithmic')).toEqual([]);
  });
});

describe('excessOver', () => {
  it('is the cost over the oracle’s by the table, in per cent', () => {
    expect(excessOver(200)({ ...curve[0]!, bestKnownMs: 210 })).toBeCloseTo(5);
  });
});
