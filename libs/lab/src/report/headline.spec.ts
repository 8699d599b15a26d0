import { describe, expect, it } from 'vitest';
import { arrivalsHeadline, beyondFivePercent, plannerHeadline } from './headline.ts';
import { fakeResults } from './results.fixture.ts';

const results = fakeResults();
const without = (names: readonly string[]) => ({
  ...results,
  units: results.units.filter(({ name }) => !names.includes(name)),
});

describe('plannerHeadline', () => {
  it('is of A with five users at floor 89, accuracies measured', () => {
    expect(plannerHeadline(results)!.unit.name).toBe('A-5-89-measured');
  });

  it('is of the nearest where that was not run, and of nothing where neither learner was', () => {
    expect(plannerHeadline(without(['A-5-89-measured']))!.unit.name).toBe('A-4-89-measured');
    expect(plannerHeadline({ ...results, units: [] })).toBeUndefined();
  });

  it('names the fixed placements that the planner was faster than', () => {
    const { fasterThan, notFasterThan } = plannerHeadline(results)!;
    expect(fasterThan).toEqual(['device-only', 'edge-only', 'cloud-only']);
    expect(notFasterThan).toEqual([]);
  });
});

describe('arrivalsHeadline', () => {
  it('is of Poisson arrivals at 60 % load, or the load nearest to it', () => {
    expect(arrivalsHeadline(results)!.unit.name).toBe('poisson-0.6');
    expect(arrivalsHeadline(without(['poisson-0.6', 'poisson-0.3']))!.unit.name).toBe('poisson-0.9');
    expect(arrivalsHeadline(without(['poisson-0.6', 'poisson-0.3', 'poisson-0.9']))).toBeUndefined();
  });
});

describe('beyondFivePercent', () => {
  it('counts units with measured accuracies', () => {
    const measured = results.units.filter((unit) => unit.kind === 'epochs' && unit.accuracies === 'measured');
    expect(beyondFivePercent(results).all).toBe(measured.length);
  });
});
