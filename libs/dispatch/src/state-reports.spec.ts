import { describe, expect, it } from 'vitest';
import { StateReports } from './state-reports.ts';

function reports() {
  let framesPerSecond = 5;
  const told = new StateReports(() => ({ framesPerSecond, targets: [] }));
  told.begin();
  return { told, stands: (frames: number) => void (framesPerSecond = frames) };
}

describe('reports of a state', () => {
  it('are due each time where the policy tells of no pause, and never with outcomes', () => {
    const { told } = reports();
    for (const now of [0, 1_000]) {
      expect(told.due(now)).toBeDefined();
      expect(told.dueWithOutcomes(now + 900)).toBeUndefined();
    }
  });

  it('are due once the state differs from what was told last, or the pause has passed', () => {
    const { told, stands } = reports();
    told.pauseAtMost(5_000);
    expect(told.due(0)).toBeDefined();
    // Small steps add up.
    for (const frames of [5.4, 5.8]) {
      stands(frames);
      expect(told.due(1_000)).toBeUndefined();
    }
    stands(6.2);
    expect(told.due(2_000)).toMatchObject({ framesPerSecond: 6.2 });
    expect(told.due(6_999)).toBeUndefined();
    expect(told.due(7_000)).toBeDefined();
  });

  it('go with outcomes, unless one has just been told', () => {
    const { told, stands } = reports();
    told.pauseAtMost(5_000);
    told.now(0);
    stands(10);
    expect(told.dueWithOutcomes(749)).toBeUndefined();
    expect(told.dueWithOutcomes(750)).toMatchObject({ framesPerSecond: 10 });
  });

  it('begin anew with a session', () => {
    const { told } = reports();
    told.pauseAtMost(5_000);
    told.now(0);
    told.begin();
    expect(told.withOutcomes).toBe(false);
    expect(told.due(1)).toBeDefined();
  });
});
