import { mean, pairedDifference } from '@weir/base';
import type { LookCurve, LookCurves, LookStep } from '@weir/domain';
import type { Answers } from './estimate-curves.ts';

/** Shares of second looks at which curves are checked: at each curve's nearest step. */
const CHECKED_SHARES = [0.1, 0.25, 0.5];
/** A deviation may be this large: of some 80 checks, which are not independent, fewer than one in 1,000 honest runs fails. */
export const MOST_DEVIATION = 4.5;
/** Pictures of a curve that may show one subject, and count as one where they all change together. */
const PICTURES_A_SUBJECT = 4;

/** One step of a curve, held against other pictures than those it was measured on. */
export interface StepCheck {
  readonly first: string;
  readonly second: string;
  readonly marginBelow: number;
  /** Share of the pictures that are looked at twice: as the curve says, and here. */
  readonly share: number;
  readonly measuredShare: number;
  /** Accuracy with the second looks: that of the first look alone, here, plus the curve's gain; and as measured here. */
  readonly predictedAccuracy: number;
  readonly measuredAccuracy: number;
  /** Share of the pictures that a second look answers differently: as the curve says, where it does, and here. */
  readonly changed?: number;
  readonly measuredChanged: number;
  /** How far that is above what the curve says, in standard errors; 0 where it says nothing. */
  readonly changedDeviation: number;
  /** How far the measured accuracy is above the predicted one, in standard errors, those of the curve included. */
  readonly deviation: number;
}

export interface CurvesCheck {
  readonly version: string;
  readonly checks: readonly StepCheck[];
  /** The largest deviation either way, of accuracy or changes, >= 0. */
  readonly worstDeviation: number;
  /** Sentences; empty when every deviation is within `MOST_DEVIATION`. */
  readonly faults: readonly string[];
}

/** Holds a family's curves against its variants' answers to pictures that the curves were not measured on. */
export function checkCurves(
  { version, pictures, curves }: LookCurves,
  variants: readonly Answers[],
): CurvesCheck {
  const named = new Map(variants.map((variant) => [variant.name, variant]));
  const checks = curves.flatMap((curve) => {
    const first = named.get(curve.first);
    const second = named.get(curve.second);
    if (!first || !second || first.right.length === 0) return [];
    return checkedSteps(curve).map((step) => checkStep({ step, first, second, pictures }));
  });
  const faults = checks
    .filter((check) => worst(check) > MOST_DEVIATION)
    .map((check) => {
      const { first, second, marginBelow, deviation, changedDeviation } = check;
      const [what, measured, curve] =
        Math.abs(deviation) >= Math.abs(changedDeviation)
          ? ['top-1 is', check.measuredAccuracy, check.predictedAccuracy]
          : ['the share of changed answers is', check.measuredChanged, check.changed ?? 0];
      return (
        `${first}, then ${second} below a margin of ${marginBelow}: ${what} ${measured.toFixed(4)}; ` +
        `the curve says ${curve.toFixed(4)}, ${worst(check).toFixed(1)} standard errors off`
      );
    });
  const worstDeviation = Math.max(0, ...checks.map(worst));
  return { version, checks, worstDeviation, faults };
}

const worst = ({ deviation, changedDeviation }: StepCheck) =>
  Math.max(Math.abs(deviation), Math.abs(changedDeviation));

function checkedSteps({ steps }: LookCurve): readonly LookStep[] {
  const nearest = CHECKED_SHARES.map((share) =>
    steps.reduce((a, b) => (Math.abs(b.share - share) < Math.abs(a.share - share) ? b : a)),
  );
  return [...new Set(nearest)];
}

function checkStep({
  step: { marginBelow, share, gain, standardError, changed },
  first,
  second,
  pictures,
}: {
  readonly step: LookStep;
  readonly first: Answers;
  readonly second: Answers;
  /** That the curve was measured on. */
  readonly pictures: number;
}): StepCheck {
  const n = first.right.length;
  const twice = first.margins.map((margin) => margin < marginBelow);
  const count = (holds: (picture: number) => boolean) =>
    twice.filter((again, picture) => again && holds(picture)).length;
  const won = count((picture) => second.right[picture]! && !first.right[picture]!);
  const lost = count((picture) => first.right[picture]! && !second.right[picture]!);
  const measured = pairedDifference(won, lost, n);
  const ownError = (measured.high - measured.low) / (2 * 1.959964);
  const accuracy = mean(first.right.map(Number));
  const measuredChanged = count((picture) => first.classes[picture] !== second.classes[picture]) / n;
  const expected = changed ?? 0;
  const changedError = Math.sqrt(expected * (1 - expected) * (PICTURES_A_SUBJECT / pictures + 1 / n));
  return {
    first: first.name,
    second: second.name,
    marginBelow,
    share,
    measuredShare: mean(twice.map(Number)),
    predictedAccuracy: accuracy + gain,
    measuredAccuracy: accuracy + measured.mean,
    ...(changed !== undefined && { changed }),
    measuredChanged,
    changedDeviation:
      changed === undefined || changedError === 0 ? 0 : (measuredChanged - changed) / changedError,
    deviation: (measured.mean - gain) / Math.hypot(ownError, standardError),
  };
}
