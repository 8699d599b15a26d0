import { describe, expect, it } from 'vitest';
import type { ExperimentResult, Results } from '../measure/results.ts';
import { fakeResults } from '../report/results.fixture.ts';
import { verdictOf } from './verdict.ts';

/** Results whose planners are this far from the oracle, in per cent. */
const withGap = (gapToOraclePct: number): Results => {
  const results = fakeResults();
  const unit = results.units.find(
    (each): each is ExperimentResult => each.kind === 'epochs' && each.accuracies === 'measured',
  )!;
  const learners = unit.learners.map((each) =>
    each.learner === 'planner' ? { ...each, gapToOraclePct } : each,
  );
  return { ...results, units: [{ ...unit, learners }] };
};

describe('the verdict of a reproduction', () => {
  it('is that of every goal that was run', () => {
    const near = verdictOf(withGap(1)).claims.filter(({ goal }) => goal.includes('within'));
    expect(near.map(({ held }) => held[0])).toEqual(['✓', '✓']);
    const far = verdictOf(withGap(9));
    expect(far.reproduced).toBe(false);
    expect(far.claims.filter(({ held }) => held.startsWith('✗'))).toHaveLength(2);
  });

  it('is not in favour where nothing was run', () => {
    expect(verdictOf({ ...fakeResults(), units: [] })).toEqual({ claims: [], reproduced: false });
  });
});
