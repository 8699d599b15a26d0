import type { AccuracyCorrection } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { directive, dispatcher, edgeBest, localSmall, looks } from './dispatch.fixture.ts';

/** Everything loses 0.05; the small variant loses twice as much against the best, and is unsure a fifth more often. */
const correction: AccuracyCorrection = {
  shortfall: 0.05,
  firsts: [{ variant: 'small', loss: 2, share: 1.2 }],
};
const failed = { ok: false, fault: 'failed' as const };

/** A device that has its plan from a policy that knows no costs: its own figures are all there is. */
function corrected(more: Parameters<typeof directive>[0] = {}, accuracyFloor = 0) {
  const device = dispatcher({}, { looks });
  const { objective } = directive();
  device.applyDirective(
    directive({ actions: [], objective: { ...objective, accuracyFloor }, correction, ...more }),
    0,
  );
  return device;
}

describe('the correction of a directive', () => {
  it('lowers the accuracies that the device knows by itself', () => {
    const nowhere = { tier: 'edge', nodeId: 'edge-9', variant: 'best' } as const;
    // 0.9 − 2 · 0.2 − 0.05.
    expect(corrected({ planned: nowhere }).dispatch(0)).toMatchObject({
      placement: localSmall.placement,
      accuracy: expect.closeTo(0.45) as number,
    });
  });

  it('lowers the accuracy of a planned action that nobody has a figure of', () => {
    const planned = { tier: 'edge', nodeId: 'edge-1', variant: 'small' } as const;
    expect(corrected({ planned, thresholdMs: Infinity }).dispatch(0)).toMatchObject({
      placement: planned,
      accuracy: expect.closeTo(0.45) as number,
    });
  });

  it('counts where the directive leaves nothing allowed', () => {
    const unreachable = corrected({ actions: [edgeBest] });
    unreachable.setReachable('edge-1', false, 0);
    expect(unreachable.dispatch(0)).toMatchObject({
      placement: localSmall.placement,
      reason: 'fallback',
      accuracy: expect.closeTo(0.45) as number,
    });
  });

  it('leaves the accuracies of a directive alone: they are corrected already', () => {
    const { planned, actions } = directive();
    expect(corrected({ planned, actions, thresholdMs: Infinity }).dispatch(0).accuracy).toBe(0.9);
  });

  it('raises what second looks gain, and what they cost', () => {
    // Of 0.2 lost, 0.04 shows in the margins; half the frames, and a fifth more, are looked at again.
    const gain = 1.2 * 0.19 + 0.16 * 0.6;
    const floor = 0.45 + gain - 0.02;
    const device = corrected({ planned: localSmall.placement, thresholdMs: Infinity }, floor);
    const free = device.dispatch(0, { exclude: ['device-1'] });
    expect(free.lookAgain).toBeUndefined();
    const secondLook = { placement: { ...free.placement }, marginBelow: 0.4, curves: looks.version };
    device.applyDirective(
      directive({
        version: 2,
        actions: [],
        objective: { ...directive().objective, accuracyFloor: floor },
        correction,
        planned: localSmall.placement,
        thresholdMs: Infinity,
        secondLook,
      }),
      0,
    );
    const first = device.dispatch(0);
    expect(first).toMatchObject({
      placement: localSmall.placement,
      lookAgain: { variant: 'best', marginBelow: 0.4 },
      accuracy: expect.closeTo(0.45 + gain) as number,
    });
    // What one second look gains on average: `gain` over 1.2 · 0.5 of the frames.
    device.settle(first, { ok: true }, 0);
    const earned = device.status(0).balance.balance;
    expect(earned).toBeCloseTo(0.02);
    const second = device.lookAgain(device.dispatch(0), { ok: true }, 0)!;
    device.lookAgain(second, failed, 0, { exclude: ['device-1', 'edge-1', 'cloud-1'] });
    for (let frame = 0; frame < 40; frame++) device.settle(device.dispatch(0), { ok: true }, 0);
    expect(device.status(0).balance.balance).toBeCloseTo(42 * 0.02 - gain / 0.6);
  });

  it('ends with the directive', () => {
    const device = corrected({ planned: localSmall.placement, thresholdMs: Infinity });
    expect(device.dispatch(0).accuracy).toBeCloseTo(0.45);
    device.applyDirective(
      directive({ version: 2, actions: [], planned: localSmall.placement, thresholdMs: Infinity }),
      0,
    );
    expect(device.dispatch(0).accuracy).toBe(0.7);
  });
});
