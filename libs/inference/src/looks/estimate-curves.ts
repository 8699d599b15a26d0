import type { LookCurve, LookStep } from '@weir/domain';
import { nonIncreasingMeans } from './isotonic-means.ts';
import { type MarginBin, marginBins } from './margin-bins.ts';

/** How one variant answered labelled pictures. */
export interface Answers {
  readonly name: string;
  /** Of each picture: the best class's probability minus the runner-up's. */
  readonly margins: readonly number[];
  /** The class answered. */
  readonly classes: readonly number[];
  /** Whether that was the true one. */
  readonly right: readonly boolean[];
}

/** With fewer pictures than this a curve would be noise. */
export const LEAST_PICTURES = 200;

const MOST_BINS = 25;
const LEAST_IN_A_BIN = 50;
/** A pair's gain must exceed this many standard errors: the best of 25 thresholds looks good by chance alone. */
const STANDARD_ERRORS = 2;

/**
 * Curves of all pairs whose second look gains: the second variant is another, at least as accurate, and the gain is
 * beyond chance. None from fewer than `LEAST_PICTURES`.
 *
 * `variants`: their answers to the same pictures. `subjects`: what each picture shows, for standard errors: pictures of
 * one subject err alike; absent, each shows its own.
 */
export function estimateCurves(
  variants: readonly Answers[],
  subjects?: readonly number[],
): readonly LookCurve[] {
  return variants.flatMap((first) =>
    variants
      .filter((second) => second !== first && rights(second) >= rights(first))
      .flatMap((second) => {
        const steps = estimateSteps(first, second, subjects);
        const last = steps.at(-1);
        const gains = last !== undefined && last.gain > STANDARD_ERRORS * last.standardError;
        return gains
          ? [{ first: first.name, second: second.name, steps, changed: changedShare(first, second) }]
          : [];
      }),
  );
}

/**
 * One pair's steps, [] when no threshold gains. In bins of the first look's margin, the gain of a second look is
 * P(second right) − P(first right), made to fall with the margin by isotonic regression. Looking again wherever that gain
 * exceeds a price is then a threshold on the margin, one step for each value it takes above 0.
 */
export function estimateSteps(
  first: Answers,
  second: Answers,
  subjects: readonly number[] = first.margins.map((_, picture) => picture),
): readonly LookStep[] {
  const n = first.margins.length;
  if (n < LEAST_PICTURES) return [];
  const gainOf = (picture: number) => Number(second.right[picture]) - Number(first.right[picture]);
  const changes = (picture: number) => Number(differ(first, second, picture));
  const bins = marginBins(first.margins, Math.min(MOST_BINS, Math.floor(n / LEAST_IN_A_BIN)));
  const gains = nonIncreasingMeans(
    bins.map(({ pictures }) => total(pictures, gainOf)),
    bins.map(({ pictures }) => pictures.length),
  );
  return bins.flatMap(({ marginBelow }, bin) => {
    if (!(gains[bin]! > 0) || gains[bin] === gains[bin + 1]) return [];
    const twice = bins.slice(0, bin + 1).flatMap(({ pictures }: MarginBin) => pictures);
    const gain = total(twice, gainOf) / n;
    const standardError = round(standardErrorOf({ twice, gainOf, subjects }));
    const changed = total(twice, changes) / n;
    return [{ marginBelow, share: twice.length / n, gain, standardError, changed }];
  });
}

/** Of the mean gain over all pictures; sums over a subject count as one draw (Cochran 1977, single-stage clusters). */
function standardErrorOf({
  twice,
  gainOf,
  subjects,
}: {
  readonly twice: readonly number[];
  readonly gainOf: (picture: number) => number;
  readonly subjects: readonly number[];
}): number {
  const n = subjects.length;
  const mean = total(twice, gainOf) / n;
  const deviations = new Map<number, number>();
  const add = (subject: number, amount: number) =>
    deviations.set(subject, (deviations.get(subject) ?? 0) + amount);
  for (const subject of subjects) add(subject, -mean);
  for (const picture of twice) add(subjects[picture]!, gainOf(picture));
  const squares = [...deviations.values()].reduce((sum, deviation) => sum + deviation ** 2, 0);
  const clusters = deviations.size;
  return clusters > 1 ? Math.sqrt((squares * clusters) / (clusters - 1)) / n : Infinity;
}

const total = (pictures: readonly number[], of: (picture: number) => number) =>
  pictures.reduce((sum, picture) => sum + of(picture), 0);
const differ = (first: Answers, second: Answers, picture: number) =>
  first.classes[picture] !== second.classes[picture];
const changedShare = (first: Answers, second: Answers) =>
  first.classes.filter((_, picture) => differ(first, second, picture)).length / first.classes.length;
const rights = ({ right }: Answers) => right.filter(Boolean).length;
const round = (value: number) => Number(value.toPrecision(3));
