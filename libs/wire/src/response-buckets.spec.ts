import { describe, expect, it } from 'vitest';
import { percentile, seededRandom } from '@weir/base';
import { responseBucketOf, responseBuckets, responsePercentile } from './response-buckets.ts';

const counted = (times: readonly number[]) => {
  const counts = Array.from({ length: responseBuckets }, () => 0);
  for (const ms of times) counts[responseBucketOf(ms)]! += 1;
  return counts;
};

describe('response buckets', () => {
  it('are bounded by 0.1 ms × 1.1^i, the last one open', () => {
    expect([0, 0.1, 0.11, 0.1101, 0.1 * 1.1 ** 50, 1e12].map(responseBucketOf)).toEqual([
      0, 0, 1, 2, 50, 159,
    ]);
  });

  it('tell percentiles within a tenth', () => {
    const random = seededRandom(7);
    const times = Array.from({ length: 2_000 }, () => 2 * Math.exp(5 * random.uniform()));
    for (const q of [0.05, 0.5, 0.95, 0.99]) {
      const exact = percentile(times, q);
      expect(Math.abs(responsePercentile(counted(times), q) - exact) / exact).toBeLessThan(0.1);
    }
  });

  it('tell nothing of no frame', () => {
    expect(responsePercentile([0, 0], 0.5)).toBeNaN();
    expect(responsePercentile([], 0.5)).toBeNaN();
  });
});
