import { type ActionCost, defaultObjective } from '@weir/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { actionTable } from './action-table.ts';
import { action, actions, best, cloudBest, edgeBest, localSmall, small } from './dispatch.fixture.ts';
import { TierTracker } from './tier-tracker.ts';

const trackers = new Map<string, TierTracker>();
const trackerOf = (nodeId: string) => {
  const tracker = trackers.get(nodeId) ?? new TierTracker(nodeId);
  trackers.set(nodeId, tracker);
  return tracker;
};
const tableOf = (costs: readonly ActionCost[], objective: Partial<typeof defaultObjective> = {}) =>
  actionTable(costs, { ...defaultObjective, ...objective }, trackerOf);

/** Least mean time, ms, of any mix of two actions whose mean accuracy reaches `floor`. */
function leastMixedMs(costs: readonly ActionCost[], floor: number): number {
  const points = costs.map(({ accuracy, serviceMs, networkMs }) => ({ accuracy, ms: serviceMs + networkMs }));
  let least = Infinity;
  for (const a of points)
    for (const b of points) {
      // The share of a that just reaches the floor; all of b where b alone is above it.
      const share = a.accuracy < floor ? (b.accuracy - floor) / (b.accuracy - a.accuracy) : 1;
      if (b.accuracy >= floor) least = Math.min(least, share * a.ms + (1 - share) * b.ms, b.ms);
    }
  return least;
}

describe('action table', () => {
  it('knows the node of each remote action, once each, and none for the device', () => {
    const table = tableOf([...actions, action('edge-1', small, 30, 20)]);
    expect(table.trackers.map(({ nodeId }) => nodeId)).toEqual(['edge-1', 'cloud-1']);
    expect(table.actions.map(({ tracker }) => tracker?.nodeId)).toEqual([
      undefined,
      undefined,
      'edge-1',
      'cloud-1',
      'edge-1',
    ]);
  });

  it('measures what accuracy an action gives up by the best of the allowed tiers', () => {
    const finest = { ...best, name: 'finest', accuracy: 0.97 };
    const table = tableOf([localSmall, edgeBest, action('cloud-1', finest, 60, 120)], {
      allowedTiers: ['device', 'edge'],
    });
    expect(table.bestAccuracy).toBe(0.9);
    expect(table.actions.map(({ deficit }) => deficit)).toEqual([expect.closeTo(0.2), 0, 0]);
    expect(table.actions.map(({ tierAllowed }) => tierAllowed)).toEqual([true, true, false]);
  });

  it('prices energy in ms', () => {
    const table = tableOf([action('edge-1', best, 100, 20, 0.5)], { energyMsPerJ: 40 });
    expect(table.actions[0]!.energyPriceMs).toBe(20);
  });

  it('asks no price for accuracy when the fastest action meets the floor', () => {
    expect(tableOf([localSmall, edgeBest, cloudBest], { accuracyFloor: 0.65 }).ownPriceMs).toBe(0);
  });

  it('prices accuracy by the mix next to the floor', () => {
    const costs = [
      [0.6, 10],
      [0.7, 50],
      [0.9, 350],
    ].map(([accuracy, ms]) => action('edge-1', { ...best, accuracy: accuracy! }, ms!));
    expect(tableOf(costs, { accuracyFloor: 0.65 }).ownPriceMs).toBeCloseTo((50 - 10) / 0.1);
    expect(tableOf(costs, { accuracyFloor: 0.8 }).ownPriceMs).toBeCloseTo((350 - 50) / 0.2);
  });

  it('prices accuracy by what the next bit of floor would cost the best mix of actions', () => {
    const anAction = fc.record({
      accuracy: fc.double({ min: 0.5, max: 0.99, noNaN: true }),
      ms: fc.double({ min: 1, max: 1_000, noNaN: true }),
    });
    const step = 1e-7;
    fc.assert(
      fc.property(
        fc.array(anAction, { minLength: 1, maxLength: 8 }),
        fc.double({ min: 0.5, max: 0.99, noNaN: true }),
        (some, floor) => {
          const costs = some.map(({ accuracy, ms }) => action('edge-1', { ...best, accuracy }, ms));
          // At a corner the price jumps, and within rounding of it both sides are right.
          fc.pre(some.every(({ accuracy }) => Math.abs(accuracy - floor) > 1e-5));
          fc.pre(some.every((a) => some.every((b) => a === b || Math.abs(a.accuracy - b.accuracy) > 1e-4)));
          const least = leastMixedMs(costs, floor);
          const expected = least < Infinity ? (least - leastMixedMs(costs, floor - step)) / step : 0;
          const { ownPriceMs } = tableOf(costs, { accuracyFloor: floor });
          expect(Math.abs(ownPriceMs - expected)).toBeLessThanOrEqual(1e-3 * (1 + expected));
        },
      ),
    );
  });
});
