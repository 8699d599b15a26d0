import type { Decision, LookAgain } from '@weir/dispatch';
import { mean } from '@weir/base';
import type { LookCurve, LookCurves, Variant } from '@weir/domain';

/** What a frame shows, as far as looks at it are concerned: drawn once, whoever looks. All uniform in [0, 1) without drift. */
export interface Picture {
  /** Share of all pictures that any variant is less certain of. */
  readonly certainty: number;
  /** A look is right when this is below its probability of being right. */
  readonly difficulty: number;
}

/** With what decides whether looks say the same. */
export interface ComparedPicture extends Picture {
  /** Two looks differ when this is below their probability of differing; drawn apart from who is right. */
  readonly doubt: number;
}

/** How pictures have become harder than those of the curves. The most accurate variant answers them as well as before. */
export interface PictureDrift {
  /** Share of them that are as uncertain as the least certain `hardest` were, 0..1. */
  readonly hard: number;
  readonly hardest: number;
  /** Accuracy that the least accurate variant loses besides, at whatever margin; others as much less as they lose at all. */
  readonly hidden: number;
}

export const noDrift: PictureDrift = { hard: 0, hardest: 1, hidden: 0 };

/** `drawn`, as it is after the drift; `chance`: uniform. */
export const drifted = <Drawn extends Picture>(
  drawn: Drawn,
  { hard, hardest }: PictureDrift,
  chance: number,
): Drawn => (chance < hard ? { ...drawn, certainty: drawn.certainty * hardest } : drawn);

/** How variants answer pictures, so that curves and accuracies hold on average. */
export interface PictureModel {
  /** Of a first look: below the threshold of a step exactly when `certainty` is below the step's share. */
  margin(variant: string, picture: Picture): number;
  /** The other way round; undefined of a variant without curves, whose margins tell nothing. */
  certaintyAt(variant: string, margin: number): number | undefined;
  /** Whether the answer is right: of `first`, or of a second look by `second` after it. */
  right(picture: Picture, first: string, second?: string, drift?: PictureDrift): boolean;
  /** Whether both say the same; always, of a pair without a curve that tells. */
  agree(picture: ComparedPicture, first: string, second: string, drift?: PictureDrift): boolean;
  /** Accuracy of first looks by `first`, and of second ones below a threshold, over all pictures. */
  accuracy(drift: PictureDrift, first: string, again?: LookAgain): number;
  /**
   * Margin of a first look, and whether a second confirms it: as far as one is right and the other wrong. Two different
   * wrong answers are not told apart.
   */
  compared(
    picture: Picture,
    first: string,
    second: string,
  ): { readonly margin: number; readonly agreed: boolean };
}

/**
 * A second look by w gains over the first by v, at pictures of certainty u, the slope g_vw(u) of their curve. The first is
 * right with probability p_v(u), which mirrors the best of these gains about its mean, the variant's accuracy; the second
 * with p_v(u) + g_vw(u).
 */
export function pictureModel(variants: readonly Variant[], looks: LookCurves | undefined): PictureModel {
  const accuracyOf = new Map(variants.map(({ name, accuracy }) => [name, accuracy]));
  const curvesOf = Map.groupBy(looks?.curves ?? [], ({ first }) => first);
  const quantiles = new Map([...curvesOf].map(([first, curves]) => [first, marginQuantiles(curves)]));
  const bestGain = (first: string, certainty: number) =>
    Math.max(0, ...(curvesOf.get(first) ?? []).map((curve) => gainAt(curve, certainty)));
  const meanBestGain = new Map([...curvesOf].map(([first, curves]) => [first, meanOfBestGain(curves)]));
  const accuracies = new Map<string, number>();
  const best = Math.max(...accuracyOf.values());
  const worst = Math.min(...accuracyOf.values());
  const hiddenLoss = (variant: string, { hidden }: PictureDrift) =>
    hidden === 0 ? 0 : (hidden * (best - accuracyOf.get(variant)!)) / (best - worst);
  const curveOf = (first: string, second: string | undefined) =>
    curvesOf.get(first)?.find((each) => each.second === second);
  const chance = (certainty: number, first: string, second: string | undefined, drift: PictureDrift) => {
    const own = accuracyOf.get(first)! + (meanBestGain.get(first) ?? 0) - bestGain(first, certainty);
    const curve = curveOf(first, second);
    return own + (curve ? gainAt(curve, certainty) : 0) - hiddenLoss(curve ? second! : first, drift);
  };
  const marginAt = (variant: string, certainty: number) => {
    const points = quantiles.get(variant);
    return points ? interpolate(points, certainty) : noMargin;
  };
  const right: PictureModel['right'] = ({ certainty, difficulty }, first, second, drift = noDrift) =>
    difficulty < chance(certainty, first, second, drift);
  return {
    margin: (variant, { certainty }) => marginAt(variant, certainty),
    certaintyAt(variant, margin) {
      const points = quantiles.get(variant);
      const turned = points?.map((point) => ({ share: point.margin, margin: point.share }));
      return turned && Math.min(interpolate(turned, Math.min(margin, almostOne)), almostOne);
    },
    right,
    compared: (picture, first, second) => ({
      margin: marginAt(first, picture.certainty),
      agreed: right(picture, first) === right(picture, first, second),
    }),
    agree({ certainty, doubt }, first, second, drift = noDrift) {
      const curve = curveOf(first, second);
      const changed = curve ? changedAt(curve, certainty) : 0;
      const more = hiddenLoss(first, drift) + hiddenLoss(second, drift);
      return doubt >= changed + more * (1 - changed);
    },
    accuracy(drift, first, again) {
      const key = JSON.stringify([drift, first, again]);
      const known = accuracies.get(key);
      if (known !== undefined) return known;
      const right = certainties.map((certainty) => {
        const twice = again && marginAt(first, certainty) < again.marginBelow;
        return chance(certainty, first, twice ? again.variant : undefined, drift);
      });
      const hard = right.filter((_, at) => certainties[at]! < drift.hardest);
      const accuracy = (1 - drift.hard) * mean(right) + drift.hard * mean(hard);
      accuracies.set(key, accuracy);
      return accuracy;
    },
  };
}

/** Over which accuracies are averaged. */
const certainties = Array.from({ length: 400 }, (_, at) => (at + 0.5) / 400);

/** What a frame lacks of its promise, on average, when its second look comes to nothing. */
export function shortfall(
  looks: LookCurves | undefined,
  { placement, lookAgain }: Pick<Decision, 'placement' | 'lookAgain'>,
): number {
  const curve = looks?.curves.find(
    ({ first, second }) => first === placement.variant && second === lookAgain?.variant,
  );
  const step = curve?.steps.find(({ marginBelow }) => marginBelow === lookAgain?.marginBelow);
  return step ? step.gain / step.share : 0;
}

/** Where nobody looks again. */
const noMargin = 0.5;
const almostOne = 1 - 2 ** -30;

interface Point {
  readonly share: number;
  readonly margin: number;
}

/** All steps of one first variant are thresholds on the same margins. */
function marginQuantiles(curves: readonly LookCurve[]): readonly Point[] {
  const steps = new Map(
    curves.flatMap(({ steps: own }) => own.map(({ share, marginBelow }) => [share, marginBelow])),
  );
  const inner = [...steps].filter(([share]) => share < 1).sort(([a], [b]) => a - b);
  return [
    { share: 0, margin: 0 },
    ...inner.map(([share, margin]) => ({ share, margin })),
    { share: 1, margin: 1 },
  ];
}

function interpolate(points: readonly Point[], share: number): number {
  const at = points.findIndex((point) => point.share > share);
  const [low, high] = [points[at - 1]!, points[at]!];
  return low.margin + ((share - low.share) / (high.share - low.share)) * (high.margin - low.margin);
}

/** Slope of the curve, accuracy gained per second look, at this quantile of the margin; 0 beyond its last step. */
function gainAt({ steps }: LookCurve, certainty: number): number {
  const at = steps.findIndex(({ share }) => share > certainty);
  if (at < 0) return 0;
  const before = steps[at - 1] ?? { share: 0, gain: 0 };
  return (steps[at]!.gain - before.gain) / (steps[at]!.share - before.share);
}

/** Share of the answers that change at this quantile of the margin. */
function changedAt({ steps, changed = 0 }: LookCurve, certainty: number): number {
  const at = steps.findIndex(({ share }) => share > certainty);
  const before = steps.at(at < 0 ? -1 : at - 1);
  const from = at === 0 || !before ? { share: 0, changed: 0 } : before;
  const to = at < 0 ? { share: 1, changed } : steps[at]!;
  return Math.max(0, (to.changed ?? 0) - (from.changed ?? 0)) / (to.share - from.share);
}

function meanOfBestGain(curves: readonly LookCurve[]): number {
  const ends = [...new Set([0, ...curves.flatMap(({ steps }) => steps.map(({ share }) => share))])].sort(
    (a, b) => a - b,
  );
  return ends
    .slice(1)
    .reduce(
      (sum, end, at) =>
        sum + (end - ends[at]!) * Math.max(...curves.map((curve) => gainAt(curve, ends[at]!))),
      0,
    );
}
