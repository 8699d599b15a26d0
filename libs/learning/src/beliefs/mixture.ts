/** One of several opinions about the weights of a block. */
export interface Component {
  readonly mean: readonly number[];
  /** Row-major, full. */
  readonly covariance: readonly number[];
}

/**
 * Mean and covariance of a block drawn from one of the components: how far they lie apart, plus how unsure each is of itself.
 * `shares`: by component, how much it counts in each weight, > 0. Source: Gelman et al. 2013, "Bayesian Data Analysis",
 * chapter 5.
 */
export function mixtureOf(
  components: readonly Component[],
  shares: readonly (readonly number[])[],
): { mean: number[]; covariance: number[] } {
  const d = components[0]!.mean.length;
  const totals = Array.from({ length: d }, (_, i) => sum(shares.map((each) => each[i]!)));
  const means = totals.map(
    (total, i) => sum(components.map((each, k) => shares[k]![i]! * each.mean[i]!)) / total,
  );
  const covariance = Array.from({ length: d * d }, (_, at) => {
    const [i, j] = [Math.floor(at / d), at % d];
    return sum(
      components.map((each, k) => {
        const apart = (each.mean[i]! - means[i]!) * (each.mean[j]! - means[j]!);
        // The root of both shares, so that it stays a covariance.
        const share = Math.sqrt((shares[k]![i]! / totals[i]!) * (shares[k]![j]! / totals[j]!));
        return share * (apart + each.covariance[at]!);
      }),
    );
  });
  return { mean: means, covariance };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
