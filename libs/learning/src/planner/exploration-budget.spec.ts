import { seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { ExplorationBudget } from './exploration-budget.ts';

const options = { creditCap: 0.1 };
const earnedShare = 0.03;

describe('the budget of explorations', () => {
  it('refuses what costs more than the credit, and pays for it once enough plans have earned it', () => {
    const budget = new ExplorationBudget(options);
    expect(budget.plan(100, { earnedShare, excess: 0.11 })).toBe(false);
    expect(budget.plan(100, { earnedShare, excess: 0.1 })).toBe(true);
    // What is left: nothing; each plan earns 0.03.
    expect(budget.plan(100, { earnedShare, excess: 0.08 })).toBe(false);
    expect(budget.plan(100, { earnedShare, excess: 0.08 })).toBe(false);
    expect(budget.plan(100, { earnedShare, excess: 0.08 })).toBe(true);
    expect(budget).toMatchObject({ plans: 5, explorations: 2 });
    expect(budget.spentShare).toBeCloseTo(18 / 518);
  });

  it('counts a plan that leaves nothing to explore, and pays nothing', () => {
    const budget = new ExplorationBudget(options);
    expect(budget.plan(100, { earnedShare, excess: undefined })).toBe(false);
    expect(budget.state()).toEqual({
      plans: 1,
      explorations: 0,
      explorationCost: 0,
      totalCost: 100,
      credit: 0.1,
    });
  });

  it('never spends more than its start and what plans have earned, whatever is offered', () => {
    const random = seededRandom(5);
    const budget = new ExplorationBudget(options);
    for (let plans = 1; plans <= 2_000; plans++) {
      budget.plan(1, {
        earnedShare,
        excess: random.uniform() < 0.2 ? undefined : random.exponential(0.05),
      });
      const { credit, explorationCost } = budget.state();
      expect(credit).toBeGreaterThanOrEqual(0);
      expect(credit).toBeLessThanOrEqual(options.creditCap);
      expect(explorationCost).toBeLessThanOrEqual(options.creditCap + plans * earnedShare + 1e-9);
    }
    expect(budget.explorations).toBeGreaterThan(100);
  });

  it('goes on where another one was', () => {
    const first = new ExplorationBudget(options);
    first.plan(100, { earnedShare, excess: 0.1 });
    const second = new ExplorationBudget(options);
    second.restore(first.state());
    expect(second.plan(100, { earnedShare, excess: 0.05 })).toBe(false);
    expect(second.plans).toBe(2);
  });
});
