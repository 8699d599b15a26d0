/** Observations within 0..1, added up: all that `meanAtLeast` needs of them. Survives JSON. */
export interface RunningMean {
  readonly count: number;
  readonly sum: number;
  /** Squared distances of each observation from the mean that those before it led to expect. */
  readonly variation: number;
}

export const nothingObserved: RunningMean = { count: 0, sum: 0, variation: 0 };

/** Probability with which accuracies are bounded. */
export const boundLevel = 0.95;

/** Throws RangeError for a value outside 0..1. */
export const observed = (mean: RunningMean, value: number): RunningMean => observedInPart(mean, value, 1);

/**
 * The same for an observation that counts as a part of one, `weight` within 0..1, known before it was made; the mean is then a
 * weighted one. Throws RangeError for a value or a weight outside 0..1.
 */
export function observedInPart(mean: RunningMean, value: number, weight: number): RunningMean {
  for (const number of [value, weight])
    if (!(number >= 0 && number <= 1))
      throw new RangeError(`expected an observation within 0..1, got ${number}`);
  const { count, sum, variation } = mean;
  const foreseen = (0.5 + sum) / (count + 1);
  return {
    count: count + weight,
    sum: sum + weight * value,
    variation: variation + (weight * (value - foreseen)) ** 2,
  };
}

/** Of all observations, in whatever order they were made. */
export const together = (means: readonly RunningMean[]): RunningMean =>
  means.reduce(
    (all, { count, sum, variation }) => ({
      count: all.count + count,
      sum: all.sum + sum,
      variation: all.variation + variation,
    }),
    nothingObserved,
  );

/**
 * Lower confidence bound of the mean, 0..1; 0 of nothing. Anytime-valid: with probability `level` it is never above the
 * truth, however often and whenever one looks. The truth is the mean of the observations' expected values, each given those
 * before it, so they may depend on each other and change over time. Source: Howard, Ramdas, McAuliffe & Sekhon 2021,
 * "Time-uniform, nonparametric, nonasymptotic confidence sequences", theorem 4 (empirical Bernstein), with the mixture over a
 * grid of section 3.5.
 */
export function meanAtLeast({ count, sum, variation }: RunningMean, level = boundLevel): number {
  if (count === 0) return 0;
  return Math.max(0, (sum - largestExcess(variation, Math.log(1 / (1 - level)))) / count);
}

/** Bets on how far the sum may exceed its expectation, spread so that one suits each number of observations up to 10⁷. */
const bets = Array.from({ length: 10 }, (_, at) => 0.9 / 2 ** at).map((stake) => ({
  stake,
  /** By unit of variation. */
  price: -Math.log1p(-stake) - stake,
}));

/**
 * How far a sum may lie above its expectation: where the bets' mean capital, exp(stake · excess - price · variation), reaches
 * exp(`logLimit`). The capital is a supermartingale that starts at 1, so it ever gets there with probability exp(-`logLimit`).
 */
function largestExcess(variation: number, logLimit: number): number {
  const most = logLimit + Math.log(bets.length);
  // No single bet may have won more than all together; from there Newton's steps on a convex function never go too far.
  let excess = Math.min(...bets.map(({ stake, price }) => (most + price * variation) / stake));
  for (let step = 0; step < 50; step++) {
    const logs = bets.map(({ stake, price }) => stake * excess - price * variation);
    const largest = Math.max(...logs);
    const shares = logs.map((log) => Math.exp(log - largest));
    const total = shares.reduce((sum, share) => sum + share, 0);
    const slope = shares.reduce((sum, share, at) => sum + share * bets[at]!.stake, 0) / total;
    const back = (largest + Math.log(total) - most) / slope;
    excess -= back;
    if (back < 1e-9 * excess) break;
  }
  return excess;
}
