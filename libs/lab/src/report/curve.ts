import { mean } from '@weir/base';
import type { CurvePoint } from '../measure/results.ts';
import { whole } from './format.ts';
import { type LinePoint, lines } from './line-panel.ts';

/** Of an axis: epochs that lie closer are averaged, so that thousands of epochs stay a small page. */
const bins = 100;

/** Epochs with `value` on the upright axis; those without one are left out. */
export function drawnCurve(
  curve: readonly CurvePoint[],
  value: (point: CurvePoint) => number,
  axis: 'linear' | 'logarithmic',
): LinePoint[] {
  const place = (epoch: number) => (axis === 'linear' ? epoch : Math.log(epoch));
  const width = place((curve.at(-1)?.epoch ?? 1) + 1) / bins;
  const finite = curve.filter((point) => Number.isFinite(value(point)));
  const near = Map.groupBy(finite, ({ epoch }) => Math.floor(place(epoch) / width));
  return [...near.values()].map((points) => ({
    x: mean(points.map(({ epoch }) => epoch)),
    y: mean(points.map(value)),
  }));
}

/** Excess of the best joint placement known over the oracle's, by the cost table, in per cent; NaN below the floor. */
export const excessOver =
  (oracleMs: number) =>
  ({ bestKnownMs }: CurvePoint): number =>
    bestKnownMs === null ? NaN : (bestKnownMs / oracleMs - 1) * 100;

/** How far the best joint placements known are off the oracle's, over epochs: learning curves by learner. */
export function excessCurves(
  oracleMs: number,
  curves: readonly { readonly learner: string; readonly curve: readonly CurvePoint[] }[],
) {
  const drawn = curves.map(({ learner, curve }) => {
    return { learner, points: drawnCurve(curve, excessOver(oracleMs), 'logarithmic') };
  });
  const excesses = drawn.flatMap(({ points }) => points.map(({ y }) => y));
  const last = Math.max(2, ...curves.map(({ curve }) => curve.at(-1)?.epoch ?? 1));
  const [from, to] = [Math.min(0, ...excesses), Math.max(20, ...excesses) * 1.05];
  const marks = [-50, -20, -5, 0, 5, 20, 50, 100, 200, 500, 1_000, 5_000];
  const ticks = marks.filter((mark) => mark >= from && mark <= to);
  const epochs = {
    type: 'log',
    domain: [1, last],
    label: 'epochs (logarithmic)',
    tickFormat: whole,
  } as const;
  const cost = { domain: [from, to], ticks, label: 'cost over the oracle, %', tickFormat: whole } as const;
  return lines(drawn, epochs, { type: 'symlog', constant: 5, ...cost }, { level: 5 });
}
