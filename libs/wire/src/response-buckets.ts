/** Buckets of FrameCounters.response_buckets: the upper bound of bucket i is 0.1 ms × 1.1^i. */
const [firstMs, ratio] = [0.1, 1.1];
export const responseBuckets = 160;

/** Slack for the rounding of logarithms: a bound belongs to the bucket below it. */
const rounding = 1e-9;

/** The bucket of a response time, 0-based. */
export function responseBucketOf(ms: number): number {
  if (!(ms > firstMs)) return 0;
  const bucket = Math.ceil(Math.log(ms / firstMs) / Math.log(ratio) - rounding);
  return Math.min(responseBuckets - 1, bucket);
}

/**
 * The response time, ms, below which the fraction `q` (0..1) of the counted frames lies, within 10 %; NaN of none.
 * `counts`: frames by bucket.
 */
export function responsePercentile(counts: readonly number[], q: number): number {
  const frames = counts.reduce((sum, count) => sum + count, 0);
  if (frames === 0) return NaN;
  let below = 0;
  for (const [bucket, count] of counts.entries()) {
    if (count > 0 && below + count >= q * frames) {
      const within = Math.max(0, q * frames - below) / count;
      return bucket === 0 ? firstMs * within : firstMs * ratio ** (bucket - 1 + within);
    }
    below += count;
  }
  return NaN;
}
