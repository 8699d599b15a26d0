import type { LoggedFrame, LoggedLook } from './logged-frames.ts';

/**
 * Weighted residuals of the logged looks, what makes an estimate doubly robust. A *situation* is a device, a place, a
 * variant and how many inferences were found there. With n'(x) looks per frame of the new policy in situation x, n(x) of
 * the journal's and a the propensity of each choice, a logged look in x weighs
 *
 *     w = min(most, n'(x) / n(x)) · (1/a) / mean of 1/a in x,
 *
 * and its residual is its response less what the model, run under the objective in force, takes in x on average. Sources:
 * Dudík, Langford & Li 2011 (doubly robust); Liu et al. 2018 (ratios of situations rather than of whole histories); Hájek
 * 1971 (weights that add up).
 */
export interface Correction {
  /** Mean weighted residual, ms per frame. */
  readonly ms: number;
  /** (Σw)² / Σw² over the logged looks. */
  readonly effectiveLooks: number;
  /** Share of the new policy's looks that exceed what weights may be. */
  readonly clipped: number;
  /** Share of the new policy's looks in situations that the journal, or the model beside it, never met. */
  readonly unmet: number;
}

export interface CorrectionInput {
  readonly journal: readonly LoggedFrame[];
  /** The model's frames under the objective in force. */
  readonly modelled: readonly LoggedFrame[];
  /** The model's frames under the objective asked about. */
  readonly asked: readonly LoggedFrame[];
}

/** Most that a logged look may stand for: beyond, one would decide the estimate. */
const MOST_WEIGHT = 20;
/** Looks that make a mean. */
const LEAST_LOOKS = 5;

export const placeOf = ({ deviceId, placement: { nodeId, variant } }: LoggedLook): string =>
  `${deviceId}\n${nodeId}\n${variant}`;

/** Alone, one, two, three or four, five to eight … before it. */
const crowd = ({ concurrency }: LoggedLook): number =>
  concurrency < 2 ? concurrency : 1 + Math.ceil(Math.log2(concurrency));

const situationOf = (look: LoggedLook): string => `${placeOf(look)}\n${crowd(look)}`;

/** Propensities that are not known count as no chance at all. */
const inverse = ({ propensity }: LoggedLook): number =>
  propensity > 0 ? Math.min(MOST_WEIGHT, 1 / propensity) : 1;

interface Group {
  looks: number;
  /** Σ 1/a, and the mean response under these weights. */
  weight: number;
  squares: number;
  ms: number;
}

export function correctionOf({ journal, modelled, asked }: CorrectionInput): Correction {
  const [logged, model, wanted] = [journal, modelled, asked].map((frames) =>
    frames.flatMap(({ looks }) => looks),
  ) as [LoggedLook[], LoggedLook[], LoggedLook[]];
  const fine = residuals(logged, model, situationOf);
  const coarse = residuals(logged, model, placeOf);
  const perFrame = logged.length / journal.length;

  let ms = 0;
  let clipped = 0;
  let unmet = 0;
  let [sum, squares] = [0, 0];
  for (const looks of Map.groupBy(wanted, situationOf).values()) {
    const known = fine(looks[0]!);
    const residual = known ?? coarse(looks[0]!);
    if (!known) unmet += looks.length;
    if (!residual) continue;
    const share = looks.length / asked.length;
    const ownShare = (residual.looks / logged.length) * perFrame;
    const ratio = Math.min(MOST_WEIGHT, share / ownShare);
    if (ratio * ownShare < share) clipped += looks.length * (1 - (ratio * ownShare) / share);
    ms += ratio * ownShare * residual.ms;
    // Weights within a situation add up to ratio · its looks.
    sum += ratio * residual.looks;
    squares += (ratio * residual.looks) ** 2 * (residual.squares / residual.weight ** 2);
  }
  const total = Math.max(1, wanted.length);
  return {
    ms,
    effectiveLooks: squares > 0 ? (sum * sum) / squares : 0,
    clipped: clipped / total,
    unmet: unmet / total,
  };
}

/** Mean residual of the logged looks of each group; undefined where journal or model have too few. */
function residuals(
  logged: readonly LoggedLook[],
  model: readonly LoggedLook[],
  keyOf: (look: LoggedLook) => string,
): (look: LoggedLook) => Group | undefined {
  const own = grouped(logged, keyOf, inverse);
  const predicted = grouped(model, keyOf, () => 1);
  return (look) => {
    const [group, prediction] = [own.get(keyOf(look)), predicted.get(keyOf(look))];
    if (!group || !prediction || group.looks < LEAST_LOOKS || prediction.looks < LEAST_LOOKS)
      return undefined;
    return { ...group, ms: group.ms - prediction.ms };
  };
}

function grouped(
  looks: readonly LoggedLook[],
  keyOf: (look: LoggedLook) => string,
  weightOf: (look: LoggedLook) => number,
): Map<string, Group> {
  return new Map(
    [...Map.groupBy(looks, keyOf)].map(([key, members]): [string, Group] => {
      const weights = members.map(weightOf);
      const weight = weights.reduce((sum, each) => sum + each, 0);
      const squares = weights.reduce((sum, each) => sum + each * each, 0);
      const ms = members.reduce((sum, { responseMs }, at) => sum + responseMs * weights[at]!, 0) / weight;
      return [key, { looks: members.length, weight, squares, ms }];
    }),
  );
}
