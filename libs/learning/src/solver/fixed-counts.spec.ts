import { describe, expect, it } from 'vitest';
import { solveFixedCounts } from './fixed-counts.ts';

describe('solveFixedCounts', () => {
  it('puts at each node as many devices as asked for, however cheap it is', () => {
    const costs = [10, 1, 10];
    const choices = costs.map((cost, target) => [{ target, variant: 0, cost, surplus: 0 }]);
    const solved = solveFixedCounts({
      choices: [choices, choices, choices],
      counts: [1, 1],
      need: 0,
      price: 0,
      below: Infinity,
    });
    expect(solved).toMatchObject({ cost: 10 + 1 + 10 });
  });
});
