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
}));

describe('drawnCurve', () => {
  it('keeps each of few epochs, apart those that explored', () => {
    const { points, light } = drawnCurve(curve.slice(0, 10), ({ tableMs }) => tableMs, {
      logarithmic: false,
    });
    expect(points.map(({ y }) => y)).toEqual([200, 201, 202, 203, 204, 205, 206, 207, 208]);
    expect(light).toEqual([{ x: 10, y: 209 }]);
  });

  it('averages epochs that lie close on the axis', () => {
    for (const logarithmic of [true, false]) {
      const { points, light } = drawnCurve(curve, ({ tableMs }) => tableMs, { logarithmic, bins: 100 });
      expect(points.length).toBeLessThanOrEqual(100);
      expect(light.length).toBeLessThanOrEqual(100);
      for (const { x, y } of points) expect(y).toBeCloseTo(199 + x);
    }
  });

  it('has nothing to draw of no epochs', () => {
    expect(drawnCurve([], () => 1, { logarithmic: true })).toEqual({ points: [], light: [] });
  });
});

describe('excessOver', () => {
  it('is the cost over the oracle’s by the table, in per cent', () => {
    expect(excessOver(200)({ ...curve[0]!, bestKnownMs: 210 })).toBeCloseTo(5);
  });
});
