import { FailedPrecondition, ResourceExhausted } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { defaultObjective } from '@weir/domain';
import {
  action,
  best,
  cloudBest,
  directive,
  dispatcher,
  edgeBest,
  idle,
  localBest,
  localSmall,
  looks,
  small,
  uncalibrated,
} from './dispatch.fixture.ts';

const floor = (accuracyFloor: number) => ({ ...defaultObjective, accuracyFloor });

describe('dispatcher before the first directive', () => {
  it('takes the cheapest action of its own calibration that the floor allows', () => {
    const decision = dispatcher({ accuracyFloor: 0.85 }).dispatch(1);
    expect(decision).toMatchObject({
      placement: edgeBest.placement,
      reason: 'fallback',
      directiveVersion: 0,
      learner: '',
      predictedMs: 120,
    });
  });

  it('takes no tier that the objective forbids, however cheap', () => {
    const agent = dispatcher({ accuracyFloor: 0.85, allowedTiers: ['device', 'cloud'] });
    expect(agent.dispatch(1).placement).toEqual(cloudBest.placement);
  });

  it('takes the most accurate local variant when it knows nothing else', () => {
    expect(uncalibrated().dispatch(1)).toMatchObject({ placement: localBest.placement, reason: 'fallback' });
  });

  it('takes the most accurate variant in time while the floor is still to be told, and goes by the directive then', () => {
    const device = dispatcher({}, { undirectedTiers: ['device', 'edge', 'cloud'] });
    expect(device.dispatch(0).placement).toEqual(edgeBest.placement);
    expect(device.dispatch(0, { deadlineMs: 60 }).placement).toEqual(localSmall.placement);
    const cheap = directive({ planned: localSmall.placement, accuracyPriceMs: 0 });
    device.applyDirective(cheap, 0);
    expect(device.dispatch(0)).toMatchObject({ placement: localSmall.placement, reason: 'planned' });
  });
});

describe('a frame that asks for more than others', () => {
  it('is promised the accuracy that it names, where the balance would cover less', () => {
    const agent = dispatcher();
    expect(agent.dispatch(1).placement).toEqual(localSmall.placement);
    expect(agent.dispatch(1, { leastAccuracy: 0.8 }).placement).toEqual(edgeBest.placement);
    expect(agent.dispatch(1, { leastAccuracy: 0.6 }).placement).toEqual(localSmall.placement);
  });

  it('never gets less than the floor by naming less', () => {
    const agent = dispatcher({ accuracyFloor: 0.85 });
    const cheap = { leastAccuracy: 0.1, variant: 'small' };
    expect(() => agent.dispatch(1, cheap)).toThrow('the accuracy floor is 0.85');
  });

  it('may be promised it with a second look at the unsure, and is let in for that', () => {
    const agent = dispatcher({}, { looks });
    const first = agent.dispatch(1, { leastAccuracy: 0.85, deadlineMs: 300 });
    expect(first).toMatchObject({ placement: localSmall.placement, lookAgain: { variant: 'best' } });
    expect(first.accuracy).toBeGreaterThanOrEqual(0.85);
  });

  it('is refused with its reason where nothing is so accurate', () => {
    const refused = () => dispatcher().dispatch(1, { leastAccuracy: 0.95 });
    expect(refused).toThrow(FailedPrecondition);
    expect(refused).toThrow('the frame asks for an accuracy of 0.95');
  });

  it('is turned away at once where what is so accurate would come too late', () => {
    const agent = dispatcher();
    expect(() => agent.dispatch(1, { leastAccuracy: 0.8, deadlineMs: 70 })).toThrow(ResourceExhausted);
    expect(agent.dispatch(1, { deadlineMs: 70 }).placement).toEqual(localSmall.placement);
  });

  it('is answered by the one variant that it names, at the cheapest place, without a second look', () => {
    const agent = dispatcher({}, { looks });
    expect(agent.dispatch(1, { variant: 'best' }).placement).toEqual(edgeBest.placement);
    expect(agent.dispatch(1, { variant: 'best', exclude: ['edge-1'] }).placement).toEqual(
      cloudBest.placement,
    );
    const small = dispatcher({ accuracyFloor: 0.65 }, { looks }).dispatch(1, { variant: 'small' });
    expect(small).toMatchObject({ placement: localSmall.placement, lookAgain: undefined });
  });

  it('does not get around the floor by naming a variant', () => {
    const agent = dispatcher({ accuracyFloor: 0.85 });
    expect(() => agent.dispatch(1, { variant: 'small' })).toThrow('the accuracy floor is 0.85');
    expect(() => agent.dispatch(1, { variant: 'large' })).toThrow('the frame asks for large');
  });

  it('goes its own way where the plan, obeyed by others, does not fit', () => {
    const agent = dispatcher();
    agent.applyDirective(directive({ planned: localSmall.placement, thresholdMs: Infinity }), 1);
    expect(agent.dispatch(2).placement).toEqual(localSmall.placement);
    expect(agent.dispatch(2, { leastAccuracy: 0.8 })).toMatchObject({
      placement: edgeBest.placement,
      reason: 'fallback',
    });
    expect(agent.dispatch(2, { variant: 'best' }).placement.variant).toBe('best');
  });
});

describe('dispatcher with a directive', () => {
  it('follows the plan while nothing else is better by more than the threshold', () => {
    const agent = dispatcher();
    agent.applyDirective(directive({ thresholdMs: 80, version: 7, propensity: 0.5 }), 1);
    expect(agent.dispatch(2)).toMatchObject({
      placement: edgeBest.placement,
      reason: 'planned',
      directiveVersion: 7,
      learner: 'planner',
      propensity: 0.5,
      leaseExpired: false,
    });
  });

  it('deviates when another action is better by more than the threshold, and says what the plan would cost', () => {
    const agent = dispatcher();
    agent.applyDirective(directive({ thresholdMs: 20 }), 1);
    const decision = agent.dispatch(2);
    expect(decision).toMatchObject({ placement: localSmall.placement, reason: 'deviated', propensity: 1 });
    expect(decision.plannedCostMs).toBeGreaterThan(decision.costMs + 20);
  });

  it('leaves a backlogged tier, unless told to obey', () => {
    const priced = dispatcher({ accuracyFloor: 0.85 });
    const obeying = dispatcher({ accuracyFloor: 0.85 });
    for (const agent of [priced, obeying])
      agent.reportLoad(idle('edge-1', { backlogMs: 400, meanBacklogMs: 400, inService: 1, queued: 4 }), 1);
    priced.applyDirective(directive({ objective: floor(0.85) }), 2);
    obeying.applyDirective(directive({ objective: floor(0.85), thresholdMs: Infinity }), 2);
    expect(priced.dispatch(3)).toMatchObject({ placement: cloudBest.placement, reason: 'deviated' });
    expect(obeying.dispatch(3)).toMatchObject({ placement: edgeBest.placement, reason: 'planned' });
  });

  it('obeys a plan below the floor: the planner then answers for the average over the devices', () => {
    const agent = dispatcher();
    agent.applyDirective(
      directive({
        planned: localSmall.placement,
        thresholdMs: Infinity,
        objective: floor(0.85),
        actions: [],
      }),
      1,
    );
    expect(agent.dispatch(2)).toMatchObject({ placement: localSmall.placement, accuracy: 0.7, balance: 0 });
  });

  it('spends no more than half a per cent of its time on exploring plans', () => {
    const agent = dispatcher();
    agent.applyDirective(
      directive({ explored: true, planned: cloudBest.placement, thresholdMs: 0, propensity: 0.2 }),
      1,
    );
    let explored = 0;
    let bestMs = 0;
    for (let frame = 0; frame < 2_000; frame++) {
      agent.reportLoad(idle('cloud-1'), frame * 400);
      const decision = agent.dispatch(frame * 400);
      agent.settle(decision, { ok: true }, frame * 400 + 100);
      bestMs += localSmall.serviceMs;
      if (decision.reason !== 'explored') continue;
      explored++;
      expect(decision).toMatchObject({ placement: cloudBest.placement, propensity: 0.2 });
      expect(decision.plannedCostMs).toBe(decision.costMs);
    }
    const excessMs = cloudBest.serviceMs + cloudBest.networkMs - localSmall.serviceMs;
    expect(explored).toBeGreaterThan(0);
    expect(explored * excessMs).toBeLessThanOrEqual(0.006 * bestMs + excessMs);
  });

  it('ignores a directive that is older than the one in force', () => {
    const agent = dispatcher();
    agent.applyDirective(directive({ version: 5, thresholdMs: Infinity }), 1);
    agent.applyDirective(directive({ version: 4, thresholdMs: Infinity, planned: localBest.placement }), 2);
    expect(agent.dispatch(3)).toMatchObject({ directiveVersion: 5, placement: edgeBest.placement });
  });

  it('takes the directive of another instance whatever its number, as of a policy whose clock was ahead', () => {
    const agent = dispatcher();
    agent.applyDirective(directive({ version: 5_000, thresholdMs: Infinity }), 1);
    const restarted = { instanceId: 'instance-2', thresholdMs: Infinity };
    agent.applyDirective(directive({ ...restarted, version: 4, planned: localBest.placement }), 2);
    expect(agent.dispatch(3)).toMatchObject({ directiveVersion: 4, placement: localBest.placement });
    agent.applyDirective(directive({ ...restarted, version: 3 }), 4);
    expect(agent.dispatch(5).directiveVersion).toBe(4);
  });

  it('carries on by the last directive when its lease has run out, and says so', () => {
    const agent = dispatcher();
    agent.applyDirective(directive({ leaseMs: 100, thresholdMs: 1_000 }), 1);
    expect(agent.dispatch(90).leaseExpired).toBe(false);
    expect(agent.dispatch(200)).toMatchObject({ leaseExpired: true, placement: edgeBest.placement });
  });

  it('renews the lease of the directive in force when told its version, and of no other', () => {
    const agent = dispatcher();
    agent.applyDirective(directive({ version: 2, leaseMs: 100 }), 0);
    for (const version of [1, 3]) agent.renewLease(version, 90);
    expect(agent.dispatch(150).leaseExpired).toBe(true);
    agent.renewLease(2, 190);
    expect(agent.dispatch(280).leaseExpired).toBe(false);
  });

  it('renews the lease with the same directive again, not with an older one', () => {
    const agent = dispatcher();
    const [old, current] = [directive({ version: 1, leaseMs: 100 }), directive({ version: 2, leaseMs: 100 })];
    agent.applyDirective(current, 0);
    agent.applyDirective(current, 90);
    expect(agent.dispatch(150).leaseExpired).toBe(false);
    agent.applyDirective(old, 180);
    expect(agent.dispatch(200).leaseExpired).toBe(true);
  });

  it('leaves a plan that its own processor cannot keep up with, however high the threshold', () => {
    const reasonAt = (periodMs: number) => {
      const agent = dispatcher();
      agent.applyDirective(directive({ planned: localBest.placement, thresholdMs: 1e6, leaseMs: 1e6 }), 0);
      const reasons = Array.from({ length: 40 }, (_, frame) => {
        const now = frame * periodMs;
        for (const nodeId of ['edge-1', 'cloud-1']) agent.reportLoad(idle(nodeId), now);
        const decision = agent.dispatch(now);
        agent.settle(decision, { ok: true }, now);
        return decision.reason;
      });
      return reasons.at(-1);
    };
    // One frame keeps the processor busy for 400 ms.
    expect([reasonAt(1_000), reasonAt(200)]).toEqual(['planned', 'deviated']);
  });
});

describe('dispatcher and constraints', () => {
  it('never leaves the device when the objective says so', () => {
    const agent = dispatcher({ allowedTiers: ['device'] });
    const objective = { ...defaultObjective, allowedTiers: ['device' as const] };
    for (const thresholdMs of [0, Infinity]) {
      agent.applyDirective(directive({ objective, thresholdMs }), 1);
      expect(agent.dispatch(2)).toMatchObject({ placement: { tier: 'device' }, reason: 'fallback' });
    }
  });

  it('never leaves the device before a directive has told the cell’s objective, where that is awaited', () => {
    expect(dispatcher(floor(0.85)).dispatch(0).placement.tier).toBe('edge');
    const agent = dispatcher(floor(0.85), { undirectedTiers: ['device'] });
    expect(agent.dispatch(0).placement.tier).toBe('device');
    expect(agent.audits('small', 0)?.map(({ placement }) => placement.tier)).toEqual(['device']);
    expect(agent.status(0).objective).toEqual(floor(0.85));
    expect(() => agent.dispatch(0, { exclude: ['device-1'] })).toThrow(
      /until a policy has told the objective, frames may use only device/,
    );
    agent.setOwnObjective({ allowedTiers: ['edge'] });
    expect(agent.dispatch(0).placement.tier).toBe('device');
    agent.applyDirective(directive({ objective: floor(0.85) }), 1);
    expect(agent.dispatch(2).placement.tier).toBe('edge');
  });

  it('keeps the device’s own, stricter objective above the cell’s', () => {
    const agent = dispatcher();
    agent.setOwnObjective({ ...floor(0.85), allowedTiers: ['device', 'edge'] });
    agent.applyDirective(directive({ planned: cloudBest.placement }), 1);
    expect(agent.dispatch(2)).toMatchObject({ placement: edgeBest.placement, reason: 'fallback' });
  });

  it('prefers what meets the deadline to what is cheaper', () => {
    const agent = dispatcher({ accuracyFloor: 0.85 });
    agent.applyDirective(
      directive({
        objective: { ...floor(0.85), energyMsPerJ: 1_000 },
        actions: [localBest, action('edge-1', best, 100, 20, 5)],
      }),
      1,
    );
    const relaxed = agent.dispatch(2);
    expect(relaxed.placement).toEqual(localBest.placement);
    agent.settle(relaxed, { ok: true }, 3);
    expect(agent.dispatch(4, { deadlineMs: 200 }).placement).toEqual(edgeBest.placement);
  });

  it('falls back when the planned target is excluded or unreachable', () => {
    const agent = dispatcher({ accuracyFloor: 0.85 });
    agent.applyDirective(directive({ objective: floor(0.85), thresholdMs: Infinity }), 1);
    expect(agent.dispatch(2, { exclude: ['edge-1'] })).toMatchObject({
      placement: cloudBest.placement,
      reason: 'fallback',
    });
    agent.setReachable('edge-1', false, 3);
    expect(agent.dispatch(4)).toMatchObject({ placement: cloudBest.placement, reason: 'fallback' });
  });

  it('sends nothing to a silent tier until it answers a probe', () => {
    const agent = dispatcher({ accuracyFloor: 0.85 });
    agent.applyDirective(directive({ objective: floor(0.85), thresholdMs: 1_000 }), 1);
    agent.reportLoad(idle('cloud-1'), 4_000);
    expect(agent.probesDue(4_000)).toEqual([]);
    expect(agent.dispatch(5_001)).toMatchObject({ placement: cloudBest.placement, reason: 'fallback' });
    expect(agent.probesDue(5_001)).toEqual(['edge-1']);
    expect(agent.probesDue(5_500)).toEqual([]);
    expect(agent.probesDue(6_100)).toEqual(['edge-1']);
    agent.reportLoad(idle('edge-1'), 6_200);
    expect(agent.dispatch(6_201)).toMatchObject({ placement: edgeBest.placement, reason: 'planned' });
  });

  it('uses its own knowledge when the directive leaves nothing allowed', () => {
    const agent = dispatcher({ accuracyFloor: 0.85 });
    agent.applyDirective(directive({ objective: floor(0.85), actions: [edgeBest] }), 1);
    agent.setReachable('edge-1', false, 2);
    expect(agent.dispatch(3)).toMatchObject({ placement: cloudBest.placement, reason: 'fallback' });
  });

  it('refuses only when nothing is allowed, and names the constraints', () => {
    const agent = dispatcher({ accuracyFloor: 0.95, allowedTiers: ['device', 'edge'] });
    agent.setReachable('edge-1', false, 1);
    expect(() => agent.dispatch(2)).toThrow(FailedPrecondition);
    expect(() => agent.dispatch(2)).toThrow(
      /accuracy floor is 0\.95.*device-1\/best.*unreachable.*edge-1\/best/,
    );
  });
});

describe('dispatcher and objectives', () => {
  it('weighs energy by its price', () => {
    const costs = [action('edge-1', best, 100, 20, 0.1), action('cloud-1', best, 90, 20, 1)];
    const choose = (energyMsPerJ: number) => {
      const agent = dispatcher({ energyMsPerJ, allowedTiers: ['edge', 'cloud'] });
      agent.setFallbackActions(costs);
      return agent.dispatch(1).placement.nodeId;
    };
    expect([choose(0), choose(100)]).toEqual(['cloud-1', 'edge-1']);
  });

  it('avoids targets whose times vary when the tail counts', () => {
    const choose = (tailWeight: number) => {
      const agent = dispatcher({ tailWeight, allowedTiers: ['edge', 'cloud'] });
      agent.setFallbackActions([action('edge-1', best, 100, 20), action('cloud-1', best, 90, 20)]);
      for (let frame = 0; frame < 200; frame++) {
        const decision = agent.dispatch(frame, { exclude: ['edge-1'] });
        agent.settle(decision, { ok: true, responseMs: frame % 2 ? 220 : 55 }, frame);
      }
      return agent.dispatch(300).placement.nodeId;
    };
    expect([choose(0), choose(1)]).toEqual(['cloud-1', 'edge-1']);
  });

  it('does not count a retry as a new arrival', () => {
    const agent = dispatcher();
    for (let frame = 0; frame < 20; frame++) {
      agent.dispatch(frame * 250);
      agent.dispatch(frame * 250 + 40, { exclude: ['edge-1'] });
    }
    expect(agent.status(19 * 250).arrivalVariability).toBeCloseTo(0);
  });
});

describe('dispatcher and accuracy', () => {
  it('spends only what answered frames have earned, and refunds what a failed frame had reserved', () => {
    const agent = dispatcher({ accuracyFloor: 0.8 });
    agent.applyDirective(directive({ objective: floor(0.8), thresholdMs: 0 }), 1);
    // Only the small local variant can meet so near a deadline.
    const urgent = { deadlineMs: 60 };
    const first = agent.dispatch(1);
    expect(first.accuracy).toBe(0.9);
    expect(() => agent.dispatch(2, urgent)).toThrow(ResourceExhausted);
    agent.settle(first, { ok: true }, 10);
    const cheap = agent.dispatch(11, urgent);
    expect(cheap).toMatchObject({ accuracy: 0.7 });
    expect(cheap.balance).toBeCloseTo(0);
    expect(() => agent.dispatch(12, urgent)).toThrow(ResourceExhausted);
    agent.settle(cheap, { ok: false }, 13);
    agent.settle(cheap, { ok: false }, 14);
    expect(agent.status(14).balance.balance).toBeCloseTo(0.1);
  });

  it('has no price and no balance without a floor', () => {
    const agent = dispatcher();
    agent.applyDirective(directive({ thresholdMs: 0 }), 1);
    const decision = agent.dispatch(2);
    expect(decision).toMatchObject({ placement: localSmall.placement, balance: 0 });
    expect(agent.status(2)).toMatchObject({ accuracyPriceMs: 0, balance: { cap: 0 } });
  });
});

describe('dispatcher and its own queue', () => {
  it('sees each frame that it has put into its own queue', () => {
    const agent = dispatcher({ allowedTiers: ['device'] });
    agent.setFallbackActions([localBest, localSmall]);
    expect([agent.dispatch(1).predictedMs, agent.dispatch(11).predictedMs]).toEqual([50, 90]);
    agent.reportLoad(idle('device-1', { backlogMs: 500, inService: 1, queued: 3 }), 20);
    expect(agent.dispatch(20).predictedMs).toBe(550);
  });

  it('decides equal actions by chance', () => {
    const agent = dispatcher({ allowedTiers: ['edge'] });
    agent.setFallbackActions([action('edge-1', small, 10), action('edge-2', small, 10)]);
    agent.setReachable('edge-2', true, 0);
    const seen = new Set<string>();
    for (let now = 1; now < 40; now++) {
      const decision = agent.dispatch(now);
      seen.add(decision.placement.nodeId);
      agent.settle(decision, { ok: true }, now);
    }
    expect(seen).toEqual(new Set(['edge-1', 'edge-2']));
  });
});
