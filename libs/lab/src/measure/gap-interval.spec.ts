import { mean, seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { gapInterval } from './gap-interval.ts';

const interval = (
  mine: readonly (number | undefined)[],
  theirs: readonly (number | undefined)[],
  { blocks = 1, seed = 1 } = {},
) => gapInterval(mine, theirs, { blocks, random: seededRandom(seed) });

describe('the interval of a gap', () => {
  it('is a point where every epoch tells the same', () => {
    const { low, high } = interval([110, 110, 110], [100, 100, 100])!;
    expect(low).toBeCloseTo(10, 9);
    expect(high).toBeCloseTo(10, 9);
  });

  it('is the same for the same seed', () => {
    const random = seededRandom(3);
    const [mine, theirs] = [233, 230].map((ms) => Array.from({ length: 20 }, () => ms + random.normal()));
    expect(interval(mine!, theirs!)).toEqual(interval(mine!, theirs!));
    expect(interval(mine!, theirs!, { seed: 2 })).not.toEqual(interval(mine!, theirs!));
  });

  it('is not widened by what slows both of a pair', () => {
    const theirs = [100, 180, 120, 260, 90, 140];
    const { low, high } = interval(
      theirs.map((ms) => 1.05 * ms),
      theirs,
    )!;
    expect(low).toBeCloseTo(5, 9);
    expect(high).toBeCloseTo(5, 9);
  });

  it('is not widened by a block that was slower than another', () => {
    const mine = [100, 100, 200, 200];
    const theirs = [100, 100, 100, 100];
    const { low, high } = interval(mine, theirs, { blocks: 2 })!;
    expect([low, high]).toEqual([50, 50]);
    expect(interval(mine, theirs)!.high).toBeGreaterThan(60);
  });

  it('leaves out the epochs that were left out, and is none where too few are left', () => {
    const { low, high } = interval([110, undefined, 110, 110], [100, 100, undefined, 100])!;
    expect(low).toBeCloseTo(10, 9);
    expect(high).toBeCloseTo(10, 9);
    expect(interval([110, undefined], [100, 100])).toBeNull();
    expect(interval([], [])).toBeNull();
  });

  it.each([
    { epochs: 12, blocks: 2, atLeast: 0.85 },
    { epochs: 60, blocks: 3, atLeast: 0.9 },
  ])('of $epochs epochs holds the true gap in $atLeast of all runs at the least', (run) => {
    const { epochs, blocks, atLeast } = run;
    const random = seededRandom(7);
    const measured = (ms: number) => Array.from({ length: epochs }, () => ms * (1 + 0.03 * random.normal()));
    const gaps = Array.from({ length: 100 }, (_, seed) => {
      const [mine, theirs] = [measured(104), measured(100)];
      const { low, high } = interval(mine, theirs, { blocks, seed })!;
      return { low, high, seen: 100 * (mean(mine) / mean(theirs) - 1) };
    });
    for (const { low, high, seen } of gaps) {
      expect(low).toBeLessThan(seen);
      expect(high).toBeGreaterThan(seen);
    }
    expect(gaps.filter(({ low, high }) => low <= 4 && 4 <= high).length / 100).toBeGreaterThanOrEqual(
      atLeast,
    );
  });
});
