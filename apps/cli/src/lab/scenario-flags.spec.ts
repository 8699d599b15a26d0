import { describe, expect, it } from 'vitest';
import { type ScenarioFlags, scenarioOf } from './scenario-flags.ts';

const of = (flags: ScenarioFlags) => {
  const { name, floor, looks, learners } = scenarioOf('weir lab run', flags);
  return { name, floor, looks, learners };
};

describe('the scenario of a command line', () => {
  it("is the paper's with one look for a floor of the paper's", () => {
    expect(of({})).toMatchObject({ name: 'a-89', floor: '89', looks: 1 });
    expect(of({ experiment: 'B', floor: 'best' })).toMatchObject({ name: 'b-best', floor: 'best', looks: 1 });
  });

  it('has two looks for any other floor', () => {
    expect(of({ floor: 'best-0.9' })).toMatchObject({ name: 'a-89', floor: 'best-0.9', looks: 2 });
    expect(of({ experiment: 'C', floor: 0.85 })).toMatchObject({ name: 'c-89', floor: 0.85, looks: 2 });
  });

  it('has as many looks as it is told, or as its file says', () => {
    expect(of({ floor: 'best-0.9', looks: 1 }).looks).toBe(1);
    expect(of({ looks: 2 }).looks).toBe(2);
    expect(of({ scenario: 'poisson-60', floor: 0.85 }).looks).toBe(1);
    expect(of({ scenario: 'looks-poisson-60' })).toMatchObject({ floor: 'best-0.05', looks: 2 });
  });

  it('is profiled as often as it is told, or as its file says', () => {
    const repetitions = (flags: ScenarioFlags) => scenarioOf('weir lab run', flags).repetitions;
    expect([repetitions({}), repetitions({ repetitions: 1 })]).toEqual([3, 1]);
  });

  it('takes what the lab compares second looks with beside learners', () => {
    const learners = ['planner', 'planner-one-look', 'threshold', 'escalate-25', 'offload-only'];
    expect(of({ floor: 'best-0.9', learners }).learners).toEqual(learners);
  });
});
