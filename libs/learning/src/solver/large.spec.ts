import { percentile, seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { solveLarge } from './large.ts';
import { solveSmall } from './small.ts';
import { fleetProblem } from './solver.fixture.ts';

describe('the large solver by hand', () => {
  const local = (...costs: number[]) => costs.map((cost) => [{ variant: 0, cost, surplus: 0 }]);
  const node = (...ms: number[]) => ({ capacity: ms.length, ms: Float64Array.from([0, ...ms]) });
  const access = (weight: number) => [
    { offset: 0, weight, limitMs: Infinity, options: [{ variant: 0, surplus: 0, extra: 0 }] },
  ];

  it('sees that a node pays only when several use it', () => {
    const problem = { local: local(10, 10), nodes: [node(100, 1)], remote: [access(1), access(1)] };
    expect(solveLarge(problem)).toMatchObject({ cost: 2, gap: 0 });
  });

  it('does not fall short of the floor for a lower cost', () => {
    const options = [
      { variant: 0, cost: 10, surplus: 0.1 },
      { variant: 1, cost: 1, surplus: -0.005 },
    ];
    expect(solveLarge({ local: [options], nodes: [], remote: [[]] })).toMatchObject({ cost: 10 });
  });

  it('bounds the crowding of a node by its lightest device', () => {
    // Alone, the heavy device makes 85 with the light one at home; both at the node make 20 + 60.
    const problem = { local: local(55, 1_000), nodes: [node(10, 20)], remote: [access(1), access(3)] };
    const found = solveLarge(problem)!;
    expect(found.cost).toBe(80);
    expect(found.lowerBound).toBeLessThanOrEqual(80);
  });
});

describe('the large solver against the small one', () => {
  it('finds the optimum of most of eight fixed fleets of twelve', () => {
    const excess = [1, 2, 3, 4, 5, 6, 7, 8].map((start) => {
      const problem = fleetProblem(seededRandom(start), 12);
      return solveLarge(problem)!.cost / solveSmall(problem)!.cost - 1;
    });
    expect(Math.max(...excess)).toBeLessThanOrEqual(0.01);
    expect(percentile(excess, 0.5)).toBeLessThanOrEqual(1e-6);
  });
});
