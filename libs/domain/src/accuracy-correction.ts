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
  /** What it loses against the most accurate variant, and what second looks gain, over what the curves say, >= 1. */
  readonly loss: number;
  /** Frames below a threshold on its margin, over what the curves say, > 0. */
  readonly share: number;
}

/** `accuracyOf`: of each variant, as the family says; what comes back is within 0..1. */
export function correctedAccuracies(
  accuracyOf: ReadonlyMap<string, number>,
  { shortfall, firsts }: AccuracyCorrection,
): ReadonlyMap<string, number> {
  const best = Math.max(0, ...accuracyOf.values());
  const lossOf = new Map(firsts.map(({ variant, loss }) => [variant, loss]));
  return new Map(
    [...accuracyOf].map(([variant, accuracy]) => {
      const lost = (best - accuracy) * (lossOf.get(variant) ?? 1) + shortfall;
      return [variant, Math.max(0, best - lost)] as const;
    }),
  );
}

/** The version stays: thresholds are what they were. */
export const correctedCurves = (curves: LookCurves, { firsts }: AccuracyCorrection): LookCurves =>
  firsts.length === 0
    ? curves
    : {
        ...curves,
        curves: curves.curves.map((curve) => {
          const own = firsts.find(({ variant }) => variant === curve.first);
          return own ? { ...curve, steps: correctedSteps(curve, own) } : curve;
        }),
      };

/** Steps that differ from the one before by what lies above all frames are left out. */
function correctedSteps({ steps }: LookCurve, { loss, share: factor }: FirstLookCorrection): LookStep[] {
  const whole = steps.findIndex(({ share }) => share * factor >= 1);
  return steps.slice(0, whole < 0 ? undefined : whole + 1).map((step) => ({
    ...step,
    share: Math.min(1, step.share * factor),
    gain: Math.min(1, step.gain * loss),
    standardError: step.standardError * loss,
    ...(step.changed !== undefined && { changed: Math.min(1, step.changed * loss) }),
  }));
}
