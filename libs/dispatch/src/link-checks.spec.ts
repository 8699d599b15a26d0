import { describe, expect, it } from 'vitest';
import { action, best, directive, dispatcher, idle, small } from './dispatch.fixture.ts';

const device = action('device-1', small, 50);
/** As the device measures it, and as the policy has learned it. */
const measured = [device, action('cloud-1', best, 60, 30), action('cloud-1', small, 6, 30)];
const learned = (networkMs: number) => [
  device,
  action('cloud-1', best, 60, networkMs),
  action('cloud-1', small, 6, networkMs),
];
const planned = device.placement;

/** A device whose policy takes the cloud for 800 ms away, where it measures 30. */
function setUp(believedMs = 800, more: Parameters<typeof directive>[0] = {}) {
  const agent = dispatcher({ accuracyFloor: 0.7 });
  agent.setFallbackActions(measured);
  let version = 0;
  const believe = (ms: number, now = 0) =>
    agent.applyDirective(directive({ planned, actions: learned(ms), ...more, version: ++version }), now);
  believe(believedMs);
  return {
    agent,
    believe,
    /** Asks at that time, and every second from the time asked for before, as frames do; settles what comes. */
    check(now: number, settlement = { ok: true, responseMs: 40 }) {
      agent.reportLoad(idle('cloud-1'), now);
      const decision = agent.linkCheck(now);
      if (decision) agent.settle(decision, settlement, now);
      return decision?.placement;
    },
  };
}

/** Seconds of the first `seconds` in which a check goes out. */
function secondsOf({ check }: ReturnType<typeof setUp>, seconds: number, responseMs: number): number[] {
  const at = Array.from({ length: seconds }, (_, second) => second);
  return at.filter((second) => check(1_000 * second, { ok: true, responseMs }));
}

describe('checks of links', () => {
  it('send the quickest inference where the policy takes a link for far slower than it is measured', () => {
    const { check } = setUp();
    expect(check(0)).toBeUndefined();
    expect(check(9_000)).toBeUndefined();
    expect(check(10_000)).toEqual({ tier: 'cloud', nodeId: 'cloud-1', variant: 'small' });
  });

  it('follow each other quickly while they contradict the policy, five at the most', () => {
    expect(secondsOf(setUp(), 30, 40)).toEqual([10, 11, 12, 13, 14]);
  });

  it('become rare while they prove the policy right', () => {
    expect(secondsOf(setUp(), 200, 800)).toEqual([10, 30, 70, 150]);
  });

  it('wait just as long after one that failed', () => {
    const { check } = setUp();
    const failed = { ok: false, responseMs: 40 };
    for (let at = 0; at < 10; at++) check(1_000 * at, failed);
    expect(check(10_000, failed)).toBeDefined();
    expect(check(29_000, failed)).toBeUndefined();
    expect(check(30_000, failed)).toBeDefined();
  });

  it('end when the policy has learned, and begin anew with another doubt', () => {
    const set = setUp();
    for (let at = 0; at <= 11; at++) set.check(1_000 * at);
    set.believe(35, 11_500);
    expect(set.check(12_000)).toBeUndefined();
    set.believe(800, 12_500);
    expect(set.check(13_000)).toBeUndefined();
    expect(set.check(22_000)).toBeUndefined();
    expect(set.check(23_000)).toBeDefined();
  });

  it.each([
    ['less than twice the measured time', setUp(60)],
    ['nearly nothing more, in ms', setUp(39)],
    ['a plan that is obeyed', setUp(800, { thresholdMs: Infinity })],
  ])('do not come of %s', (_, set) => {
    expect(secondsOf(set, 60, 40)).toEqual([]);
  });

  it('keep to the tiers that are allowed, and to nodes that are there', () => {
    const home = setUp();
    home.agent.setOwnObjective({ allowedTiers: ['device'] });
    expect(secondsOf(home, 60, 40)).toEqual([]);
    const silent = setUp();
    for (let at = 0; at < 60; at++) {
      silent.agent.setReachable('cloud-1', false, 1_000 * at);
      expect(silent.agent.linkCheck(1_000 * at)).toBeUndefined();
    }
  });

  it('reserve no accuracy and say that they explore', () => {
    const { agent, check } = setUp();
    const before = agent.status(0).balance;
    for (let at = 0; at < 10; at++) check(1_000 * at);
    agent.reportLoad(idle('cloud-1'), 10_000);
    const decision = agent.linkCheck(10_000)!;
    expect(decision.reason).toBe('explored');
    agent.settle(decision, { ok: true, responseMs: 40 }, 10_040);
    expect(agent.status(10_040).balance).toEqual(before);
  });
});
