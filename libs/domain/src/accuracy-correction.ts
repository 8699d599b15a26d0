import type { LookCurve, LookCurves, LookStep } from './look-curve.ts';

/** How far a cell's pictures differ from those that its model family was measured on. */
export interface AccuracyCorrection {
  /** Accuracy that every variant loses, 0..1. */
  readonly shortfall: number;
  /** Of the variants that answer differently from the most accurate one more often than the curves say. */
  readonly firsts: readonly FirstLookCorrection[];
}

/** Correction of the curves of one variant as the first look. */
export interface FirstLookCorrection {
  readonly variant: string;
  /** What it loses against the most accurate variant, over what the family says, >= 1. */
  readonly loss: number;
  /**
   * Frames below a threshold on its margin, over what the curves say, > 0. Above 1, so many times as much is gained below
   * each; what is lost beyond that is lost at every margin alike.
   */
  readonly share: number;
}

/** `accuracyOf`: of each variant, as the family says; what comes back is within 0..1. */
export function correctedAccuracies(
  accuracyOf: ReadonlyMap<string, number>,
  { shortfall, firsts }: AccuracyCorrection,
): ReadonlyMap<string, number> {
  const lost = lostMore(accuracyOf, firsts);
  return new Map(
    [...accuracyOf].map(([variant, accuracy]) => {
      const { visible, hidden } = lost.get(variant) ?? nothing;
      return [variant, Math.max(0, accuracy - visible - hidden - shortfall)] as const;
    }),
  );
}

/** `accuracyOf`: of each variant, as the family says. The version stays: thresholds are what they were. */
export function correctedCurves(
  curves: LookCurves,
  { firsts }: AccuracyCorrection,
  accuracyOf: ReadonlyMap<string, number>,
): LookCurves {
  if (firsts.length === 0) return curves;
  const lost = lostMore(accuracyOf, firsts);
  const shareOf = new Map(firsts.map(({ variant, share }) => [variant, share]));
  return {
    ...curves,
    curves: curves.curves.flatMap((curve) => {
      const first = lost.get(curve.first) ?? nothing;
      const second = lost.get(curve.second) ?? nothing;
      if (first === nothing && second === nothing) return curve;
      // What the second variant loses itself, it does not gain.
      const everywhere = { visible: first.visible, hidden: first.hidden - second.visible - second.hidden };
      const steps = correctedSteps(curve, everywhere, shareOf.get(curve.first) ?? 1);
      return steps.length === 0 ? [] : { ...curve, steps };
    }),
  };
}

/** Accuracy that a variant loses beyond what the family says: as its margins show, and besides. */
interface Lost {
  readonly visible: number;
  readonly hidden: number;
}

const nothing: Lost = { visible: 0, hidden: 0 };

function lostMore(
  accuracyOf: ReadonlyMap<string, number>,
  firsts: readonly FirstLookCorrection[],
): ReadonlyMap<string, Lost> {
  const best = Math.max(0, ...accuracyOf.values());
  return new Map(
    firsts.map(({ variant, loss, share }) => {
      const known = best - (accuracyOf.get(variant) ?? best);
      const visible = Math.max(0, Math.min(share, loss) - 1) * known;
      return [variant, { visible, hidden: (loss - 1) * known - visible }];
    }),
  );
}

/** Steps that would gain less than the one before, or lie above all frames, are left out. */
function correctedSteps({ steps }: LookCurve, { visible, hidden }: Lost, factor: number): LookStep[] {
  const most = steps.at(-1)!.gain;
  const corrected: LookStep[] = [];
  let before: Point = { share: 0, gain: 0 };
  for (const step of steps) {
    const whole = step.share * factor >= 1;
    const share = whole ? 1 : step.share * factor;
    const seen = whole ? gainAt(1 / factor, before, step) : step.gain;
    before = step;
    const gain = Math.min(share, seen * (1 + visible / most) + hidden * share);
    if (!(gain > (corrected.at(-1)?.gain ?? 0))) break;
    const changed =
      step.changed === undefined ? {} : { changed: clamp(step.changed * factor, { min: gain, max: share }) };
    corrected.push({ ...step, share, gain, ...changed });
    if (whole) break;
  }
  return corrected;
}

interface Point {
  readonly share: number;
  readonly gain: number;
}

/** Gain of the curve between two of its points. */
const gainAt = (share: number, from: Point, to: Point): number =>
  from.gain + ((share - from.share) / (to.share - from.share)) * (to.gain - from.gain);

const clamp = (value: number, { min, max }: { readonly min: number; readonly max: number }): number =>
  Math.max(min, Math.min(max, value));
