import { seededRandom } from '@weir/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { optimumByMip } from './mip.fixture.ts';
import { solveSmall } from './small.ts';
import { randomProblem } from './solver.fixture.ts';

describe('the small solver against HiGHS', () => {
  it('finds the optimum of cells of any shape, and finds one only where there is one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), fc.integer({ min: 1, max: 8 }), (start, n) => {
        const problem = randomProblem(seededRandom(start), { n, nodes: 2 });
        const optimum = optimumByMip(problem);
        const found = solveSmall(problem);
        expect(found === undefined).toBe(optimum === undefined);
        expect(found?.cost ?? 0).toBeCloseTo(optimum ?? 0, 4);
      }),
      { numRuns: 30 },
    );
  });
});
