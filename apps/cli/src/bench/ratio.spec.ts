import { seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { meanRatio, medianRatio } from './ratio.ts';

describe('ratio of pairs', () => {
  it('is exact where all pairs agree', () => {
    const pairs = [2, 3, 5].map((x) => [x, 2 * x] as const);
    for (const ratio of [medianRatio, meanRatio])
      expect(ratio(pairs, seededRandom(1))).toEqual({ value: 0.5, low: 0.5, high: 0.5 });
  });

  it('of the median is not moved by one pair that something else slowed', () => {
    const pairs: [number, number][] = Array.from({ length: 40 }, (_, index) => [100 + (index % 5), 102]);
    const { value, low, high } = medianRatio([...pairs, [100, 900]], seededRandom(1));
    expect(value).toBeCloseTo(1, 2);
    expect(low).toBeLessThanOrEqual(value);
    expect(high).toBeGreaterThanOrEqual(value);
    expect(high - low).toBeLessThan(0.05);
  });

  it('holds the true ratio in nine of ten intervals at the least', () => {
    const random = seededRandom(7);
    const noisy = () => Math.exp(0.1 * (random.uniform() + random.uniform() + random.uniform() - 1.5));
    let holds = 0;
    for (let run = 0; run < 50; run++) {
      const pairs = Array.from({ length: 40 }, () => [0.9 * noisy(), noisy()] as const);
      const { low, high } = medianRatio(pairs, random);
      if (low <= 0.9 && 0.9 <= high) holds++;
    }
    expect(holds).toBeGreaterThanOrEqual(45);
  });
});
