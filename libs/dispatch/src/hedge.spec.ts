import { seededRandom } from '@weir/base';
import { defaultObjective, type LookCurves, type Objective } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { action, best, directive, edgeBest, idle, looks, small } from './dispatch.fixture.ts';
import { HedgeBudget } from './hedge-budget.ts';
import { mayBeLate } from './hedge-place.ts';
import { createDispatcher } from './priced-dispatcher.ts';

/** An edge that answers in 120 ms, and a device that takes 130 ms by the small variant. */
const edge = { ...edgeBest, energyJ: 0.7 };
const local = action('device-1', small, 130, 0, 0.4);
const localBest = action('device-1', best, 400);

function setUp(
  objective: Partial<Objective> = {},
  {
    hedgeShare = 0.05,
    frames = 100,
    looks,
  }: { hedgeShare?: number; frames?: number; looks?: LookCurves } = {},
) {
  const device = createDispatcher({
    deviceId: 'device-1',
    localNode: { id: 'device-1', tier: 'device', slots: 1, variants: ['best', 'small'] },
    variants: [best, small],
    objective: { ...defaultObjective, ...objective },
    random: seededRandom(1),
    hedgeShare,
    ...(looks && { looks }),
  });
  device.setFallbackActions([edge, local, localBest]);
  device.setReachable('edge-1', true, 0);
  device.reportLoad(idle('edge-1'), 0);
  for (let frame = 0; frame < frames; frame++) device.settle(device.dispatch(0), { ok: true }, 0);
  return device;
}
/** A deadline between the mean and the 95th percentile, exp(1.645 · 0.15) = 1.28 times as long. */
const tight = { deadlineMs: 140 };

describe('a hedge', () => {
  it('is the device’s own answer where the target may miss the deadline', () => {
    const device = setUp();
    const first = device.dispatch(0, tight);
    expect(first.placement).toEqual(edge.placement);
    expect(device.hedge(first, 0, tight)).toMatchObject({
      decision: { placement: local.placement, reason: 'fallback', accuracy: 0.7, predictedMs: 130 },
      energyJ: { own: 0.4, target: 0.7 },
    });
  });

  it('is there only between the mean and the tail', () => {
    const device = setUp();
    const first = device.dispatch(0);
    expect(first.predictedMs).toBe(120);
    expect(device.hedge(first, 0, { deadlineMs: 160 })).toBeUndefined();
    expect(device.hedge(first, 0, { deadlineMs: 119 })).toBeUndefined();
    expect(device.hedge(first, 0, { deadlineMs: 153 })).toBeDefined();
  });

  it('is of no use where the device is not in time, may not answer, or answers already', () => {
    const device = setUp();
    const first = device.dispatch(0, tight);
    expect(device.hedge(first, 0, { deadlineMs: 125 })).toBeUndefined();
    expect(device.hedge(first, 0, { ...tight, exclude: ['device-1'] })).toBeUndefined();
    device.reportLoad(idle('device-1', { inService: 1, backlogMs: 20 }), 0);
    expect(device.hedge(first, 0, tight)).toBeUndefined();
    const remote = setUp({ allowedTiers: ['edge', 'cloud'] });
    expect(remote.hedge(remote.dispatch(0, tight), 0, tight)).toBeUndefined();
    const alone = setUp({ allowedTiers: ['device'] });
    expect(alone.hedge(alone.dispatch(0, tight), 0, tight)).toBeUndefined();
  });

  it('keeps to the floor', () => {
    const poor = setUp({ accuracyFloor: 0.85 }, { frames: 2, hedgeShare: 1 });
    expect(poor.hedge(poor.dispatch(0, tight), 0, tight)).toBeUndefined();
    // There is no time for the second look that would make up for it.
    const looking = setUp({ accuracyFloor: 0.85 }, { frames: 2, hedgeShare: 1, looks });
    expect(looking.hedge(looking.dispatch(0, tight), 0, tight)).toBeUndefined();
    const rich = setUp({ accuracyFloor: 0.85 });
    expect(rich.hedge(rich.dispatch(0, tight), 0, tight)?.decision.accuracy).toBe(0.7);
  });

  it('charges the accuracy of the answer alone, whichever it is', () => {
    for (const winner of ['target', 'device'] as const) {
      const device = setUp({ accuracyFloor: 0.85 }, { frames: 10, hedgeShare: 1 });
      const before = device.status(0).balance.balance;
      const first = device.dispatch(0, tight);
      const own = device.hedge(first, 0, tight)!.decision;
      device.settle(first, { ok: winner === 'target' }, 0);
      device.settle(own, { ok: winner === 'device' }, 0);
      const earned = winner === 'target' ? 0.05 : -0.15;
      expect(device.status(0).balance.balance - before).toBeCloseTo(earned);
    }
  });

  it('takes no more than its share of the frames’ work', () => {
    const hedgesAmong = (frames: number, hedgeShare?: number) => {
      const device = setUp({}, { frames: 0, ...(hedgeShare !== undefined && { hedgeShare }) });
      let hedges = 0;
      for (let frame = 0; frame < frames; frame++) {
        const first = device.dispatch(0, tight);
        const hedge = device.hedge(first, 0, tight);
        device.settle(first, { ok: true }, 0);
        if (hedge) device.settle(hedge.decision, { ok: false }, 0);
        if (hedge) hedges++;
      }
      return hedges;
    };
    // 100 ms of compute a frame, 130 ms a hedge.
    expect(hedgesAmong(2_600)).toBe(100);
    expect(hedgesAmong(2_600, 0)).toBe(0);
  });

  it('disturbs no epoch: an obeyed plan has none', () => {
    const device = setUp();
    device.applyDirective(
      directive({ planned: edge.placement, actions: [edge, local], thresholdMs: Infinity }),
      0,
    );
    const obeyed = device.dispatch(0, tight);
    expect(device.hedge(obeyed, 0, tight)).toBeUndefined();
    device.settle(obeyed, { ok: true }, 0);
    device.applyDirective(directive({ version: 2, planned: edge.placement, actions: [edge, local] }), 0);
    expect(device.hedge(device.dispatch(0, tight), 0, tight)).toBeDefined();
  });

  it('saves up no more than ten', () => {
    const budget = new HedgeBudget(0.05);
    budget.earn(1e6);
    const paid = Array.from({ length: 20 }, () => budget.spend(100)).filter(Boolean);
    expect(paid).toHaveLength(10);
  });
});

it.each([
  [119, false],
  [120, true],
  [153, true],
  [154, false],
])('a target predicted in 120 ms, give or take 15 %%, may be late for %d ms: %s', (deadlineMs, late) => {
  expect(mayBeLate({ predictedMs: 120, spread: 0.15 }, deadlineMs)).toBe(late);
});
