import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nonIncreasingMeans } from './isotonic-means.ts';

interface Group {
  readonly sum: number;
  readonly count: number;
}

const group = fc.record({ sum: fc.integer({ min: -20, max: 20 }), count: fc.integer({ min: 1, max: 9 }) });
const meanOf = (groups: readonly Group[]) =>
  groups.reduce((sum, { sum: own }) => sum + own, 0) / groups.reduce((n, { count }) => n + count, 0);

/** Every way to cut a row into neighbouring pieces. */
function partitions<T>(row: readonly T[]): T[][][] {
  if (row.length === 0) return [[]];
  return row.flatMap((_, at) => partitions(row.slice(at + 1)).map((rest) => [row.slice(0, at + 1), ...rest]));
}

/** The best of all fits that never rise: piecewise constant with the pieces' means, by trying every partition. */
function bruteForce(groups: readonly Group[]): readonly number[] {
  const fits = partitions(groups)
    .map((pieces) => pieces.flatMap((piece) => piece.map(() => meanOf(piece))))
    .filter((fit) => fit.every((value, at) => at === 0 || value <= fit[at - 1]! + 1e-12));
  const loss = (fit: readonly number[]) =>
    groups.reduce((sum, { sum: own, count }, at) => sum + count * (own / count - fit[at]!) ** 2, 0);
  return fits.reduce((best, fit) => (loss(fit) < loss(best) ? fit : best));
}

const fitted = (groups: readonly Group[]) =>
  nonIncreasingMeans(
    groups.map(({ sum }) => sum),
    groups.map(({ count }) => count),
  );

describe('nonIncreasingMeans', () => {
  it('is the least-squares fit that brute force finds', () => {
    fc.assert(
      fc.property(fc.array(group, { minLength: 1, maxLength: 7 }), (groups) => {
        const best = bruteForce(groups);
        fitted(groups).forEach((value, at) => expect(value).toBeCloseTo(best[at]!, 9));
      }),
    );
  });

  it('gives pooled groups the very same value, equal neighbours too', () => {
    expect(nonIncreasingMeans([3, 1, 4, 1, 2], [1, 1, 2, 1, 2])).toEqual([
      3, 1.6666666666666667, 1.6666666666666667, 1, 1,
    ]);
  });

  it('has nothing to say of nothing', () => {
    expect(nonIncreasingMeans([], [])).toEqual([]);
  });
});
