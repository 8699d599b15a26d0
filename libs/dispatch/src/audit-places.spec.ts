import { describe, expect, it } from 'vitest';
import {
  cloudBest,
  directive,
  dispatcher,
  edgeBest,
  idle,
  localBest,
  localSmall,
} from './dispatch.fixture.ts';

const placesOf = (decisions: readonly { placement: unknown }[] | undefined) =>
  decisions?.map(({ placement }) => placement);

describe('audits', () => {
  it('go to the places of the most accurate variant, the cheapest first', () => {
    const device = dispatcher();
    expect(placesOf(device.audits('small', 0))).toEqual([
      edgeBest.placement,
      cloudBest.placement,
      localBest.placement,
    ]);
    device.reportLoad(idle('edge-1', { backlogMs: 200, meanBacklogMs: 200 }), 0);
    expect(device.audits('small', 0)![0]).toMatchObject({
      placement: cloudBest.placement,
      reason: 'audit',
      accuracy: 0.9,
      predictedMs: 180,
      propensity: 1,
    });
  });

  it('are of no use to answers of that variant, or of one that is as accurate as any that is allowed', () => {
    expect(dispatcher().audits('best', 0)).toBeUndefined();
    const alone = dispatcher({ allowedTiers: ['device'] });
    alone.setFallbackActions([localSmall, edgeBest]);
    expect(alone.audits('small', 0)).toBeUndefined();
    // Of the edge, where frames may no longer go.
    expect(alone.audits('best', 0)).toBeUndefined();
    expect(dispatcher({ allowedTiers: [] }).audits('small', 0)).toBeUndefined();
  });

  it('keep to the tiers that are allowed, and to nodes that are reachable and not ejected', () => {
    expect(placesOf(dispatcher({ allowedTiers: ['device', 'cloud'] }).audits('small', 0))).toEqual([
      cloudBest.placement,
      localBest.placement,
    ]);
    const device = dispatcher({ allowedTiers: ['edge', 'cloud'] });
    device.setReachable('cloud-1', false, 0);
    expect(placesOf(device.audits('small', 0))).toEqual([edgeBest.placement]);
    for (let failure = 0; failure < 5; failure++)
      device.settle(device.dispatch(0), { ok: false, fault: 'failed' }, 0);
    device.setReachable('cloud-1', true, 0);
    expect(placesOf(device.audits('small', 0))).toEqual([cloudBest.placement]);
    device.setReachable('cloud-1', false, 0);
    expect(placesOf(device.audits('small', 0))).toEqual([]);
  });

  it('leave epochs of obeyed plans undisturbed', () => {
    const device = dispatcher();
    device.applyDirective(directive({ thresholdMs: Infinity }), 0);
    expect(device.audits('small', 0)).toBeUndefined();
    device.applyDirective(directive({ version: 2, thresholdMs: 20 }), 0);
    expect(device.audits('small', 0)).toHaveLength(3);
  });

  it('reserve neither accuracy nor work, however they are settled', () => {
    const device = dispatcher({ accuracyFloor: 0.8 });
    device.settle(device.dispatch(0), { ok: true }, 0);
    const before = device.status(0);
    const [audit] = device.audits('small', 0)!;
    device.settle(audit!, { ok: false, fault: 'failed' }, 0);
    expect(device.status(0)).toEqual(before);
    expect(device.audits('small', 0)![0]!.predictedMs).toBe(120);
  });
});
