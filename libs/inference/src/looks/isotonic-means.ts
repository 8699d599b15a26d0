/**
 * Means of neighbouring groups, made to fall or stay: weighted least squares among the sequences that never rise, by
 * pooling adjacent violators. Pooled groups get the very same value. Source: Ayer et al. 1955, "An empirical distribution
 * function for sampling with incomplete information".
 *
 * `sums`: of each group's values; `counts`: of its members, > 0.
 */
export function nonIncreasingMeans(sums: readonly number[], counts: readonly number[]): readonly number[] {
  const pools: { sum: number; count: number; groups: number }[] = [];
  sums.forEach((sum, group) => {
    let pool = { sum, count: counts[group]!, groups: 1 };
    for (let last = pools.at(-1); last && meanOf(last) <= meanOf(pool); last = pools.at(-1)) {
      pools.pop();
      pool = {
        sum: last.sum + pool.sum,
        count: last.count + pool.count,
        groups: last.groups + pool.groups,
      };
    }
    pools.push(pool);
  });
  return pools.flatMap((pool) => Array.from({ length: pool.groups }, () => meanOf(pool)));
}

const meanOf = ({ sum, count }: { readonly sum: number; readonly count: number }) => sum / count;
