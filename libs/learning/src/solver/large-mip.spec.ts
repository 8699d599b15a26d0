import { percentile, seededRandom } from '@weir/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { solveLarge } from './large.ts';
import { optimumByMip } from './mip.fixture.ts';
import type { AssignmentProblem } from './problem.ts';
import { fleetProblem, randomProblem } from './solver.fixture.ts';

const seed = fc.integer({ min: 0, max: 2 ** 31 });
/** Of so many cells that are judged together, by their median too. */
const seedsOf = (cells: number) => fc.array(fc.noBias(seed), { minLength: cells, maxLength: cells });

/** Solves by both; how far the found cost is above the optimum, as a share of it; undefined when nothing is feasible. */
function excessOf(problem: AssignmentProblem): number | undefined {
  const optimum = optimumByMip(problem);
  const found = solveLarge(problem);
  if (optimum === undefined) {
    expect(found).toBeUndefined();
    return undefined;
  }
  const tolerance = 1e-6 * optimum;
  expect(found?.lowerBound).toBeLessThanOrEqual(optimum + tolerance);
  expect(found?.cost).toBeGreaterThanOrEqual(optimum - tolerance);
  // What the gap promises.
  expect(found!.cost * (1 - found!.gap)).toBeLessThanOrEqual(optimum + tolerance);
  return found!.cost / optimum - 1;
}

describe('the large solver against HiGHS, at fifteen devices', () => {
  it('finds the optimum of most fleets, and comes within a hundredth of it for all', () => {
    fc.assert(
      fc.property(seedsOf(5), (starts) => {
        const excess = starts.map((start) => excessOf(fleetProblem(seededRandom(start), 15))!);
        expect(Math.max(...excess)).toBeLessThanOrEqual(0.01);
        expect(percentile(excess, 0.5)).toBeLessThanOrEqual(1e-6);
      }),
      { numRuns: 1, endOnFailure: true },
    );
  });

  it('bounds it rightly and comes near it where every device sees every node differently', () => {
    fc.assert(
      fc.property(seedsOf(15), (starts) => {
        const excess = starts.flatMap(
          (start) =>
            excessOf(randomProblem(seededRandom(start), { n: 15, nodes: 2, remoteVariants: 2 })) ?? [],
        );
        expect(percentile(excess, 0.5)).toBeLessThanOrEqual(0.01);
      }),
      { numRuns: 1, endOnFailure: true },
    );
  });
});

describe('the large solver against HiGHS, on small cells', () => {
  it('agrees on limits, weights and node tables of any shape', () => {
    fc.assert(
      fc.property(seed, fc.integer({ min: 2, max: 5 }), (start, n) => {
        excessOf(randomProblem(seededRandom(start), { n, nodes: 2, equalWeights: start % 2 === 0 }));
      }),
      { numRuns: 25 },
    );
  });
});
