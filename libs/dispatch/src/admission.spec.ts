import { ResourceExhausted } from '@weir/base';
import { defaultObjective } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import type { Dispatcher } from './dispatcher.ts';
import { action, best, directive, dispatcher, edgeBest, idle, localBest, small } from './dispatch.fixture.ts';

/** Knows an edge of 100 + 20 ms and its own processor of 400 ms. */
function agent(backlogMs = 0): Dispatcher {
  const created = dispatcher();
  created.setFallbackActions([edgeBest, localBest]);
  created.reportLoad(idle('edge-1', { backlogMs, meanBacklogMs: backlogMs }), 0);
  return created;
}

const refusalOf = (run: () => unknown): ResourceExhausted => {
  try {
    run();
  } catch (error) {
    if (error instanceof ResourceExhausted) return error;
    throw error;
  }
  throw new Error('the frame was admitted');
};

describe('admission', () => {
  it('refuses a frame that no target can answer in time, with the least excess over its deadline', () => {
    const refusal = refusalOf(() => agent(300).dispatch(0, { deadlineMs: 250 }));
    expect(refusal.reason).toBe('DEADLINE_UNREACHABLE');
    // 280 ms of waiting once it is there, and 120 ms at the 5 % quantile of a spread of 15 %.
    expect(refusal.retryAfterMs).toBeCloseTo(280 + 120 * Math.exp(-1.645 * 0.15) - 250);
  });

  it('lets a frame hope for its own time, never for a shorter queue', () => {
    expect(agent().dispatch(0, { deadlineMs: 100 }).placement).toEqual(edgeBest.placement);
    refusalOf(() => agent().dispatch(0, { deadlineMs: 90 }));
    expect(agent(200).dispatch(0, { deadlineMs: 280 }).placement).toEqual(edgeBest.placement);
    refusalOf(() => agent(200).dispatch(0, { deadlineMs: 270 }));
  });

  it('holds no mean backlog against a frame once the backlog is gone', () => {
    const after = agent();
    after.reportLoad(idle('edge-1', { backlogMs: 0, meanBacklogMs: 1_000 }), 0);
    expect(after.dispatch(300, { deadlineMs: 200 }).placement).toEqual(edgeBest.placement);
    refusalOf(() => after.dispatch(300, { deadlineMs: 200, exclude: ['device-1'] }));
  });

  it('keeps queues the shorter the more frames come too late, and forgets it', () => {
    const longest = (lateAt: readonly number[], now: number) => {
      const flooded = agent();
      flooded.setFallbackActions([edgeBest]);
      for (const at of lateAt) {
        const decision = flooded.dispatch(at, { deadlineMs: 10_000 });
        flooded.settle(decision, { ok: false, fault: 'late' }, at + 1);
      }
      let waitMs = 0;
      for (; ; waitMs += 5) {
        flooded.reportLoad(idle('edge-1', { backlogMs: waitMs + 20, meanBacklogMs: waitMs }), now);
        try {
          flooded.settle(flooded.dispatch(now, { deadlineMs: 500 }), { ok: false }, now);
        } catch {
          return waitMs;
        }
      }
    };
    expect(longest([], 10)).toBe(410);
    expect(longest([0], 10)).toBe(330);
    expect(longest([0, 2, 4], 10)).toBe(210);
    // All sent before the first was known to be late: told once.
    expect(longest([0, 0, 0], 10)).toBe(330);
    expect(
      longest(
        Array.from({ length: 50 }, (_, at) => 2 * at),
        110,
      ),
    ).toBe(105);
    expect(longest([0, 2, 4], 60_000)).toBe(410);
  });

  it('counts and reserves nothing for a refused frame', () => {
    const refusing = agent(300);
    refusing.setOwnObjective({ ...defaultObjective, accuracyFloor: 0.8 });
    const before = refusing.status(0);
    for (let now = 0; now < 50; now++) refusalOf(() => refusing.dispatch(now, { deadlineMs: 100 }));
    expect(refusing.status(0)).toEqual(before);
  });

  it('tries one doomed frame a second, the least late way, lest a wrong prediction last for ever', () => {
    const refusing = agent(3_000);
    const admitted: number[] = [];
    for (let now = 0; now <= 5_000; now += 10) {
      refusing.reportLoad(idle('edge-1', { backlogMs: 3_000, meanBacklogMs: 3_000 }), now);
      try {
        const decision = refusing.dispatch(now, { deadlineMs: 200 });
        expect(decision.placement).toEqual(localBest.placement);
        refusing.settle(decision, { ok: false }, now);
        admitted.push(now);
      } catch (error) {
        expect(error).toBeInstanceOf(ResourceExhausted);
      }
    }
    expect(admitted).toEqual([1_000, 2_000, 3_000, 4_000, 5_000]);
  });

  it('sends a frame elsewhere only if it is predicted to be in time there, and tries none', () => {
    const deadlineMs = 110;
    expect(agent().dispatch(0, { deadlineMs }).placement).toEqual(edgeBest.placement);
    const retrying = agent();
    for (const now of [0, 2_000]) {
      retrying.reportLoad(idle('edge-1'), now);
      refusalOf(() => retrying.dispatch(now, { deadlineMs, exclude: ['device-1'] }));
    }
    expect(retrying.dispatch(2_000, { deadlineMs: 120, exclude: ['device-1'] }).placement.nodeId).toBe(
      'edge-1',
    );
  });

  it('admits while nothing is known', () => {
    const cold = dispatcher();
    cold.setFallbackActions([action('edge-1', best, 0), action('device-1', small, 0)]);
    expect(cold.dispatch(0, { deadlineMs: 1 }).predictedMs).toBe(0);
  });

  it('leaves an obeyed plan to the planner', () => {
    const obeying = agent(300);
    obeying.applyDirective(directive({ thresholdMs: Infinity }), 0);
    expect(obeying.dispatch(1, { deadlineMs: 10 })).toMatchObject({
      placement: edgeBest.placement,
      reason: 'planned',
    });
  });

  it('takes a worker at its word when it says how late it would have been, for a second', () => {
    const told = agent();
    const decision = told.dispatch(0, { deadlineMs: 200 });
    // It could have answered 350 ms from the start: it begins with a new frame in 350 − 120 ms.
    told.settle(decision, { ok: false, soonestAnswerAt: 350 }, 10);
    expect(told.dispatch(10, { deadlineMs: 400 }).predictedMs).toBeCloseTo(350 - 10);
    expect(refusalOf(() => told.dispatch(10, { deadlineMs: 200 })).retryAfterMs).toBeGreaterThan(0);
    const hostile = agent();
    hostile.settle(hostile.dispatch(0), { ok: false, soonestAnswerAt: 1e12 }, 10);
    hostile.reportLoad(idle('edge-1'), 1_000);
    expect(hostile.dispatch(1_000).placement).toEqual(localBest.placement);
    hostile.reportLoad(idle('edge-1'), 1_011);
    expect(hostile.dispatch(1_011).predictedMs).toBe(120);
  });
});
