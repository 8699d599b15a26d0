import { seededRandom } from '@weir/base';
import type { LookCurves, Placement, Variant } from '@weir/domain';
import { createLearner, obeyedPlan } from '@weir/learning';
import { describe, expect, it } from 'vitest';
import type { AsyncFrame } from './agent.ts';
import { createKnownPlanner, staticOptimum } from './known-costs.ts';
import { type AsyncPlanner, type AsyncRunOptions, runAsync } from './run.ts';
import { type World, createWorld, trueCosts } from './world.ts';

const variants: readonly Variant[] = [
  { name: 'small', macs: 60e6, precision: 'int8', accuracy: 0.82 },
  { name: 'large', macs: 569e6, precision: 'fp32', accuracy: 0.87 },
];
const step = (marginBelow: number, share: number, gain: number) => ({
  marginBelow,
  share,
  gain,
  standardError: 0.001,
});
/** A fifth of the frames of `small` buys nearly all of the accuracy of `large`. */
const looks: LookCurves = {
  version: 'v1',
  pictures: 20_000,
  curves: [{ first: 'small', second: 'large', steps: [step(0.2, 0.1, 0.03), step(0.5, 0.2, 0.049)] }],
};

const worldWith = (maxLooks: number, family: { looks?: LookCurves } = { looks }): World =>
  createWorld(
    {
      profile: 'contended',
      devices: 3,
      accuracyFloor: 0.866,
      family: { variants, ...family },
      maxLooks,
    },
    seededRandom(1),
  );
const poisson = { arrivals: 'poisson', load: 0.6, durationMs: 120_000, seed: 1 } as const;
const learned = (world: World, more: Partial<AsyncRunOptions> = {}) =>
  runAsync({ world, planner: createLearner('planner', { random: seededRandom(1) }), ...poisson, ...more });

describe('a cell whose frames may be looked at twice', () => {
  const [two, one] = [learned(worldWith(2)), learned(worldWith(1))];

  it('answers sooner, and keeps its promise after every answer', () => {
    expect(two.meanMs).toBeLessThan(0.8 * one.meanMs);
    expect([two.floorViolations, one.floorViolations]).toEqual([0, 0]);
    expect([two.refused, one.refused]).toEqual([0, 0]);
  });

  it('looks again at about as many frames as the curves say, and is as often right', () => {
    expect(one.secondLooks).toBe(0);
    expect(two.secondLooks).toBeGreaterThan(0.1);
    expect(two.secondLooks).toBeLessThanOrEqual(0.22);
    expect(Math.abs(two.right - two.accuracy)).toBeLessThan(0.02);
  });

  it('counts a frame once, with the time of both looks', () => {
    const frames = new Set(two.answered.map(({ device, index }) => `${device} ${index}`));
    expect(frames.size).toBe(two.answered.length);
    const twice = two.answered.filter(({ second }) => second);
    for (const { decision, second, responseMs } of twice) {
      expect(second!.reason).toBe('unsure');
      expect([decision.placement.variant, second!.placement.variant]).toEqual(['small', 'large']);
      expect(responseMs).toBeGreaterThan(0.7 * decision.predictedMs);
    }
  });

  it('is with one look, to the last digit, as if there were no curves', () => {
    const none = learned(worldWith(2, {}));
    expect(one.answered.map(({ responseMs }) => responseMs)).toEqual(
      none.answered.map(({ responseMs }) => responseMs),
    );
  });
});

describe('a second look that is lost with its node', () => {
  /** Devices that look first by themselves and again at the edge, and that take longer than the deadline by themselves. */
  function runWithoutEdge(): readonly AsyncFrame[] {
    const world = worldWith(2);
    for (const device of world.devices) device.slowdown = 25;
    const at = (tier: 'device' | 'edge', nodeId: string, variant: string): Placement => ({
      tier,
      nodeId,
      variant,
    });
    const planner: AsyncPlanner = {
      name: 'given',
      observe: () => undefined,
      learn: () => undefined,
      propose: () => ({
        ...obeyedPlan(new Map(world.devices.map(({ id }) => [id, at('device', id, 'small')]))),
        actions: new Map(world.devices.map((device) => [device.id, trueCosts(world, device)])),
        secondLooks: new Map(
          world.devices.map(({ id }) => [
            id,
            { placement: at('edge', 'edge', 'large'), marginBelow: 0.5, curves: 'v1' },
          ]),
        ),
      }),
    };
    const change = ({ nodes }: World) => nodes.forEach((node) => void (node.down = true));
    const drift = [{ atMs: 100_000, change }];
    const { answered, refused } = runAsync({
      world,
      planner,
      ...poisson,
      load: 0.1,
      durationMs: 200_000,
      drift,
    });
    expect(refused).toBe(0);
    return answered;
  }

  it('leaves the first answer, and no more of the promise than that is worth', () => {
    const all = runWithoutEdge();
    const [before, after] = [0, 1].map((part) =>
      all.filter(({ cameAt }) => Math.floor(cameAt / 100_000) === part),
    ) as [AsyncFrame[], AsyncFrame[]];
    const lacking = (frames: readonly AsyncFrame[]) =>
      frames.filter(({ decision, promised }) => promised !== decision.accuracy);
    expect(before.filter(({ second }) => second?.placement.nodeId === 'edge').length).toBeGreaterThan(5);
    expect(lacking(before).filter(({ endedAt }) => endedAt < 100_000)).toEqual([]);
    expect(after.filter(({ second }) => second)).toEqual([]);
    expect(lacking(after).length).toBeGreaterThan(5);
    for (const { decision, promised } of lacking(after))
      expect(decision.accuracy - promised).toBeCloseTo(0.049 / 0.2, 9);
  });

  it('goes elsewhere where that is in time', () => {
    // Remote nodes come and go while frames are there; the devices are quick enough themselves.
    const change = ({ nodes }: World) => nodes.forEach((node) => void (node.down = !node.down));
    const drift = Array.from({ length: 40 }, (_, at) => ({ atMs: 15_000 + 2_000 * at, change }));
    const run = learned(worldWith(2), { drift });
    expect([run.refused, run.floorViolations]).toEqual([0, 0]);
    expect(run.answered.filter(({ decision, promised }) => promised !== decision.accuracy)).toEqual([]);
  });
});

describe('outcomes', () => {
  it('tell both looks: the first that another follows, the second what the first was', () => {
    const outcomes: Parameters<AsyncRunOptions['planner']['learn']>[0][number][] = [];
    const planner = createLearner('planner', { random: seededRandom(1) });
    const listening = {
      name: planner.name,
      observe: (seen: Parameters<typeof planner.observe>[0]) => planner.observe(seen),
      propose: () => planner.propose(),
      learn(batch: typeof outcomes) {
        outcomes.push(...batch);
        planner.learn(batch);
      },
    };
    runAsync({ world: worldWith(2), planner: listening, ...poisson, durationMs: 40_000 });
    const firsts = outcomes.filter(({ lookedAgain }) => lookedAgain);
    const seconds = outcomes.filter(({ firstLook }) => firstLook);
    expect(seconds.length).toBeGreaterThan(5);
    expect(Math.abs(firsts.length - seconds.length)).toBeLessThanOrEqual(3);
    for (const { firstLook, reason, placement } of seconds) {
      expect(reason).toBe('unsure');
      expect(placement.variant).toBe('large');
      expect(firstLook!.placement.variant).toBe('small');
      expect(firstLook!.margin).toBeLessThan(0.5);
    }
    for (const { margin } of firsts) expect(margin).toBeLessThan(0.5);
  });
});

describe('the static optimum', () => {
  it('lets devices look again by themselves where that is best', () => {
    const [two, one] = [staticOptimum(worldWith(2)), staticOptimum(worldWith(1))];
    expect(two.meanMs).toBeLessThan(one.meanMs);
    expect(one.secondLooks.size).toBe(0);
    for (const [id, look] of two.secondLooks)
      expect(look).toMatchObject({ placement: { nodeId: id, variant: 'large' }, curves: 'v1' });
  });

  it('is obeyed with its second looks', () => {
    const world = worldWith(2);
    const run = runAsync({ world, planner: createKnownPlanner(world, { obey: true }), ...poisson });
    const { secondLooks } = staticOptimum(world);
    expect(secondLooks.size).toBeGreaterThan(0);
    expect(run.secondLooks).toBeGreaterThan(0.02);
    for (const { second, device } of run.answered)
      if (second) expect(second.placement.nodeId).toBe(`device-${device + 1}`);
  });
});
