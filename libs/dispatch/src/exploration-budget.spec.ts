import { describe, expect, it } from 'vitest';
import { ExplorationBudget } from './exploration-budget.ts';

const after = (frames: number, responseMs = 100) => {
  const budget = new ExplorationBudget();
  for (let frame = 0; frame < frames; frame++) budget.earn(responseMs);
  return budget;
};

describe('exploration budget', () => {
  it('earns half a per cent of each frame', () => {
    expect([after(100).affords(49.9), after(100).affords(50.1)]).toEqual([true, false]);
  });

  it('saves up no more than ten frames', () => {
    expect([after(100_000).affords(1_000), after(100_000).affords(1_000.1)]).toEqual([true, false]);
  });

  it('pays for each exploration', () => {
    const budget = after(100);
    budget.spend(30);
    expect([budget.affords(19.9), budget.affords(20.1)]).toEqual([true, false]);
  });
});
