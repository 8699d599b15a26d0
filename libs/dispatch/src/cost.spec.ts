import { defaultObjective } from '@weir/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DispatchAction } from './dispatch-action.ts';
import { costMs, predictedMs } from './cost.ts';
import { action, best, frameOf, small } from './dispatch.fixture.ts';
import { TierTracker } from './tier-tracker.ts';

const remote = (
  {
    waitMs = 0,
    congestionPerMs = 0,
    slots = 1,
  }: Partial<Pick<TierTracker, 'waitMs' | 'congestionPerMs' | 'slots'>>,
  { serviceMs = 100, networkMs = 20, energyPriceMs = 0, deficit = 0 } = {},
): DispatchAction => ({
  cost: action('edge-1', best, serviceMs, networkMs),
  tracker: Object.assign(new TierTracker('edge-1'), { waitMs, congestionPerMs, slots }),
  tierAllowed: true,
  energyPriceMs,
  deficit,
  after: undefined,
});

const local = (serviceMs: number, { energyPriceMs = 0, deficit = 0 } = {}): DispatchAction => ({
  cost: action('device-1', small, serviceMs),
  tracker: undefined,
  tierAllowed: true,
  energyPriceMs,
  deficit,
  after: undefined,
});

/** ∫ f from `from` to `to`, by the midpoints of many small steps. */
function integral(f: (x: number) => number, from: number, to: number): number {
  const steps = 20_000;
  const width = (to - from) / steps;
  let sum = 0;
  for (let step = 0; step < steps; step++) sum += f(from + (step + 0.5) * width) * width;
  return sum;
}

/** 95th percentile over mean of exp(σz), z standard normal, by the mean's integral. */
function tailOverMean(sigma: number): number {
  const density = (z: number) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  return Math.exp(1.64485 * sigma) / integral((z) => Math.exp(sigma * z) * density(z), -10, 10);
}

// Even over their range, which fc.double is not: most of its numbers are next to 0.
const ms = fc.integer({ min: 0, max: 2_000 });
const perMs = fc.integer({ min: 0, max: 100 }).map((value) => value / 1_000);
const share = fc.integer({ min: 0, max: 100 }).map((value) => value / 100);
const slots = fc.integer({ min: 1, max: 8 });
const price = fc.record({
  energyPriceMs: ms,
  deficit: share,
  priceMs: ms,
});
const weights = fc.record({
  meanWeight: fc.constantFrom(0.2, 1, 5),
  tailWeight: fc.constantFrom(0, 0.5, 2),
});

describe('cost of an action', () => {
  it('is the response time where nothing else counts', () => {
    const edge = remote({ waitMs: 30 });
    expect([predictedMs(edge, frameOf()), costMs(edge, frameOf())]).toEqual([150, 150]);
    const queued = frameOf({ local: { slots: 1, waitMs: 40, congestionPerMs: 0, quietMs: 0 } });
    expect([predictedMs(local(50), queued), costMs(local(50), queued)]).toEqual([90, 90]);
  });

  it('adds energy, lost accuracy and the waits behind a remote frame', () => {
    const edge = remote(
      { waitMs: 30, congestionPerMs: 0.05, slots: 2 },
      { serviceMs: 100, networkMs: 20, energyPriceMs: 7, deficit: 0.2 },
    );
    // Half of the service at either slot: the queue rises from 30 to 80 ms.
    const [responseMs, othersMs, ownMs] = [150, 0.05 * 50 * 55, 7 + 0.2 * 40];
    expect(costMs(edge, frameOf({ priceMs: 40 }))).toBeCloseTo(responseMs + othersMs + ownMs);

    // Three parts tail; a lognormal's 95th percentile over its mean is 1.2655 at σ = 0.15, of a node never heard of.
    expect(edge.tracker!.spread).toBeCloseTo(0.15);
    const objective = { ...defaultObjective, meanWeight: 1, tailWeight: 3 };
    expect(costMs(edge, frameOf({ priceMs: 40, objective }))).toBeCloseTo(
      (responseMs + 3 * 1.2655 * responseMs) / 4 + othersMs + ownMs,
      1,
    );
  });

  it('charges a local frame from the end of the quiet time on', () => {
    const queue = { slots: 2, waitMs: 40, congestionPerMs: 0.1, quietMs: 60 };
    // The queue rises from 40 to 90 ms: 30 ms beyond the quiet time, so 0.1 · 30² / 2.
    expect(costMs(local(100), frameOf({ local: queue }))).toBeCloseTo(140 + 45);
    // Without it, from 40 to 90: 0.1 · (90² − 40²) / 2.
    expect(costMs(local(100), frameOf({ local: { ...queue, quietMs: 0 } }))).toBeCloseTo(140 + 325);
    expect(costMs(local(100, { energyPriceMs: 7, deficit: 0.2 }), frameOf({ priceMs: 40 }))).toBeCloseTo(115);
  });

  it('charges a remote frame for the waits behind it: κ times the area under the queue that it adds', () => {
    fc.assert(
      fc.property(
        fc.record({ waitMs: ms, congestionPerMs: perMs, slots }),
        fc.record({ serviceMs: ms, networkMs: ms }),
        price,
        weights,
        (tier, times, { priceMs, ...own }, weight) => {
          const edge = remote(tier, { ...times, ...own });
          const frame = frameOf({ priceMs, objective: { ...defaultObjective, ...weight } });
          const responseMs = tier.waitMs + times.serviceMs + times.networkMs;
          const othersMs =
            tier.congestionPerMs *
            integral((waitMs) => waitMs, tier.waitMs, tier.waitMs + times.serviceMs / tier.slots);
          const share = weight.tailWeight / (weight.meanWeight + weight.tailWeight);
          const spread = 1 - share + share * tailOverMean(edge.tracker!.spread);
          const expected = responseMs * spread + othersMs + own.energyPriceMs + priceMs * own.deficit;
          expect(Math.abs(costMs(edge, frame) - expected)).toBeLessThan(0.1 + 1e-4 * expected);
        },
      ),
    );
  });

  it('charges a local frame for own frames behind it, of which none comes within the quiet time', () => {
    fc.assert(
      fc.property(
        fc.record({ slots, waitMs: ms, congestionPerMs: perMs, quietMs: ms }),
        ms,
        price,
        (queue, serviceMs, { priceMs, ...own }) => {
          const othersMs =
            queue.congestionPerMs *
            integral(
              (waitMs) => Math.max(0, waitMs - queue.quietMs),
              queue.waitMs,
              queue.waitMs + serviceMs / queue.slots,
            );
          const expected = queue.waitMs + serviceMs + othersMs + own.energyPriceMs + priceMs * own.deficit;
          expect(costMs(local(serviceMs, own), frameOf({ priceMs, local: queue }))).toBeCloseTo(expected, 1);
        },
      ),
    );
  });

  it('does not charge a clockwork plan again for what the planner has weighed', () => {
    const planned = remote({ waitMs: 30, congestionPerMs: 0.05 });
    const other = remote({ waitMs: 30, congestionPerMs: 0.05 });
    const frame = frameOf({ weighed: planned });
    expect(costMs(planned, frame)).toBe(150);
    expect(costMs(other, frame)).toBeGreaterThan(150);
  });
});
