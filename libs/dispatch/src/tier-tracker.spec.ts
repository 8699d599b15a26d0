import { describe, expect, it } from 'vitest';
import { idle } from './dispatch.fixture.ts';
import { TierTracker } from './tier-tracker.ts';

const reported = (more: Parameters<typeof idle>[1], roundTripMs = 0) => {
  const tracker = new TierTracker('edge');
  tracker.report(idle('edge', more), 0, roundTripMs);
  return tracker;
};

const waitAt = (tracker: TierTracker, now: number, regular = false) => {
  tracker.refresh(now, regular);
  return tracker.waitMs;
};

describe('tier tracker', () => {
  it('relaxes a reported backlog to its mean, while what stood there is worked off', () => {
    const tracker = reported({ backlogMs: 300, meanBacklogMs: 100 });
    expect(waitAt(tracker, 0)).toBe(300);
    const fresh = Math.exp(-1);
    expect(waitAt(tracker, 80)).toBeCloseTo(100 + (220 - 100) * fresh);
    expect(waitAt(tracker, 1_500)).toBeCloseTo(100);
  });

  it('adds its own work, per slot, until it comes back', () => {
    const tracker = reported({ slots: 2 });
    const work = tracker.sent(200, 1);
    expect(waitAt(tracker, 1)).toBe(100);
    tracker.returned(work, true, 300);
    tracker.returned(work, true, 301);
    expect(waitAt(tracker, 300)).toBe(0);
  });

  it('does not count own work twice that a fresh report contains', () => {
    const tracker = reported({}, 60);
    tracker.sent(200, 1);
    tracker.sent(200, 90);
    tracker.report(idle('edge', { backlogMs: 200, meanBacklogMs: 0 }), 100, 60);
    // The second frame left within the last round trip: the report cannot know it.
    expect(waitAt(tracker, 100)).toBeCloseTo(200 - 60 + 200);
  });

  it('takes the waits that own frames met for the mean where they come as by a clock', () => {
    const tracker = reported({ meanBacklogMs: 400, backlogMs: 0 });
    for (let frame = 0; frame < 60; frame++) tracker.observeWait(20, 1_000);
    expect(waitAt(tracker, 1_000, false)).toBeCloseTo(400, 0);
    expect(waitAt(tracker, 1_000, true)).toBeCloseTo(20, 0);
  });

  it('lives on the waits that own frames met when reports stay away, and forgets them', () => {
    const tracker = reported({ meanBacklogMs: 400 });
    for (let frame = 0; frame < 60; frame++) tracker.observeWait(50, 4_000);
    expect(waitAt(tracker, 4_000)).toBeCloseTo(50, 0);
    expect(waitAt(tracker, 60_000)).toBeLessThan(1);
  });

  it('lets a stale congestion price fade', () => {
    const tracker = reported({ congestionPerMs: 0.1 });
    tracker.refresh(0, false);
    expect(tracker.congestionPerMs).toBeCloseTo(0.1);
    // While its report counts as fresh, and once it is lost.
    tracker.refresh(1_500, false);
    expect(tracker.congestionPerMs).toBeCloseTo(0.1 * Math.exp(-1_500 / 5_000));
    tracker.refresh(20_000, false);
    expect(tracker.congestionPerMs).toBeLessThan(0.002);
  });

  it('hears a node by its reports and answers, and asks a silent one once a second', () => {
    const tracker = new TierTracker('edge');
    expect([tracker.isUsable(0), tracker.probeDue(0), tracker.probeDue(900)]).toEqual([false, true, false]);
    tracker.setReachable(true, 1_000);
    const work = tracker.sent(10, 4_000);
    tracker.returned(work, true, 5_900);
    expect([tracker.isUsable(10_900), tracker.isUsable(10_901)]).toEqual([true, false]);
    expect(tracker.probeDue(10_901)).toBe(true);
  });

  it('takes no failed frame for a sign of life', () => {
    const tracker = new TierTracker('edge');
    tracker.setReachable(true, 0);
    tracker.returned(tracker.sent(10, 4_000), false, 4_500);
    expect([tracker.isUsable(5_000), tracker.isUsable(5_001)]).toEqual([true, false]);
  });

  it('learns how far its predictions go wrong', () => {
    const tracker = new TierTracker('edge');
    for (let frame = 0; frame < 500; frame++) tracker.observeError(100, frame % 2 ? 150 : 100 / 1.5);
    expect(tracker.spread).toBeCloseTo(Math.log(1.5), 2);
  });
});
