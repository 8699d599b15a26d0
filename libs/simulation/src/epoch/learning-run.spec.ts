import { learnerNames } from '@weir/learning';
import { describe, expect, it } from 'vitest';
import { runLearning } from './learning-run.ts';

/** All but what a clock says. */
const run = (learner: (typeof learnerNames)[number], seed: number) => {
  const { stepMs: _, ...result } = runLearning({ learner, seed, interactions: 60, cell: { users: 3 } });
  return result;
};

describe('a run in the simulator', () => {
  it.each(learnerNames)('of %s is the same for the same seed', (learner) => {
    expect(run(learner, 7)).toEqual(run(learner, 7));
  });

  it('is another one for another seed', () => {
    expect(run('planner', 7)).not.toEqual(run('planner', 8));
  });
});
