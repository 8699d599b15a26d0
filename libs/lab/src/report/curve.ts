import { mean, percentile } from '@weir/base';
import type { CurvePoint as SimulatedPoint, LearningResult } from '@weir/simulation';
import type { CurvePoint } from '../measure/results.ts';
import type { LinePoint } from './line-panel.ts';

/** A learner's epochs, ready to be drawn. */
export interface DrawnCurve {
  /** Plans that were not exploring. */
  readonly points: readonly LinePoint[];
  /** Plans that were. */
  readonly light: readonly LinePoint[];
}

/**
 * Epochs with `value` on the upright axis. Where several lie closer than 1/`bins` of the axis, their mean is drawn,
 * so that thousands of epochs stay a small page.
 */
export function drawnCurve(
  curve: readonly CurvePoint[],
  value: (point: CurvePoint) => number,
  { logarithmic, bins = 160 }: { readonly logarithmic: boolean; readonly bins?: number },
): DrawnCurve {
  const last = curve.at(-1)?.epoch ?? 1;
  const place = ({ epoch }: CurvePoint) =>
    Math.floor(bins * (logarithmic ? Math.log(epoch) / Math.log(last + 1) : epoch / (last + 1)));
  const averaged = (points: readonly CurvePoint[]): LinePoint[] =>
    [...Map.groupBy(points, place).values()].map((near) => ({
      x: mean(near.map(({ epoch }) => epoch)),
      y: mean(near.map(value)),
    }));
  const finite = curve.filter((point) => Number.isFinite(value(point)));
  return {
    points: averaged(finite.filter(({ explored }) => !explored)),
    light: averaged(finite.filter(({ explored }) => explored)),
  };
}

/** Excess of the best joint placement known over the oracle's, by the cost table, in per cent; NaN below the floor. */
export const excessOver =
  (oracleMs: number) =>
  ({ bestKnownMs }: CurvePoint): number =>
    bestKnownMs === null ? NaN : (bestKnownMs / oracleMs - 1) * 100;

/** The median of each point of the curves, with the quartiles. */
export const medians = (
  learners: readonly (readonly LearningResult[])[],
  value: (point: SimulatedPoint) => number,
) =>
  learners.map((seeds) => ({
    learner: seeds[0]!.learner,
    marks: 'none' as const,
    points: seeds[0]!.curve.flatMap(({ interaction }, at) => {
      const points = seeds.flatMap(({ curve }) => curve[at] ?? []);
      if (points.length < seeds.length) return [];
      const quantile = (q: number) => percentile(points.map(value), q);
      return { x: interaction, y: quantile(0.5), low: quantile(0.25), high: quantile(0.75) };
    }),
  }));
