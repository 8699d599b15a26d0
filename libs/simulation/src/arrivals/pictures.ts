import type { Decision } from '@weir/dispatch';
import type { LookCurve, LookCurves, Variant } from '@weir/domain';

/** What a frame shows, as far as looks at it are concerned: drawn once, whoever looks. Both uniform in [0, 1). */
export interface Picture {
  /** Share of all pictures that any variant is less certain of. */
  readonly certainty: number;
  /** A look is right when this is below its probability of being right. */
  readonly difficulty: number;
}

/** How variants answer pictures, so that curves and accuracies hold on average. */
export interface PictureModel {
  /** Of a first look: below the threshold of a step exactly when `certainty` is below the step's share. */
  margin(variant: string, picture: Picture): number;
  /** The other way round; undefined of a variant without curves, whose margins tell nothing. */
  certaintyAt(variant: string, margin: number): number | undefined;
  /** Whether the answer is right: of `first`, or of a second look by `second` after it. */
  right(picture: Picture, first: string, second?: string): boolean;
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
  const margin: PictureModel['margin'] = (variant, { certainty }) => {
    const points = quantiles.get(variant);
    return points ? interpolate(points, certainty) : noMargin;
  };
  const right: PictureModel['right'] = ({ certainty, difficulty }, first, second) => {
    const firstRight = accuracyOf.get(first)! + (meanBestGain.get(first) ?? 0) - bestGain(first, certainty);
    const curve = curvesOf.get(first)?.find((each) => each.second === second);
    return difficulty < firstRight + (curve ? gainAt(curve, certainty) : 0);
  };
  return {
    margin,
    certaintyAt(variant, margin) {
      const points = quantiles.get(variant);
      const turned = points?.map((point) => ({ share: point.margin, margin: point.share }));
      return turned && Math.min(interpolate(turned, Math.min(margin, almostOne)), almostOne);
    },
    right,
    compared: (picture, first, second) => ({
      margin: margin(first, picture),
      agreed: right(picture, first) === right(picture, first, second),
    }),
  };
}

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
