import { seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { ArrivalMeter, RateMeter } from './arrivals.ts';

const after = (gapsMs: Iterable<number>) => {
  const meter = new ArrivalMeter(0);
  let now = 0;
  for (const gapMs of gapsMs) meter.add((now += gapMs));
  return { meter, now };
};

describe('arrival meter', () => {
  it('measures rate and regularity of periodic frames, and that none comes before the next period', () => {
    const { meter, now } = after(Array.from({ length: 200 }, () => 250));
    expect(1_000 * meter.perMs(now)).toBeCloseTo(4, 0);
    expect(meter.regular).toBe(true);
    expect(meter.quietMs).toBeCloseTo(250);
  });

  it('tells random frames from regular ones', () => {
    const random = seededRandom(1);
    const { meter } = after(Array.from({ length: 2_000 }, () => random.exponential(250)));
    expect(meter.variability).toBeGreaterThan(0.5);
    expect([meter.regular, new ArrivalMeter(0).regular]).toEqual([false, false]);
  });

  it('does not mistake the start of the window for a low rate', () => {
    const { meter, now } = after(Array.from({ length: 8 }, () => 250));
    expect(1_000 * meter.perMs(now)).toBeCloseTo(4.4, 0);
  });

  it('decays once nothing arrives, and does not count the pause as a gap', () => {
    const { meter, now } = after([...Array.from({ length: 50 }, () => 250), 60_000, 250, 250]);
    expect(meter.regular).toBe(true);
    expect(meter.perMs(now + 60_000)).toBeLessThan(1e-6);
  });
});

describe('rate meter', () => {
  it('gives the share of time in use', () => {
    const meter = new RateMeter();
    for (let now = 0; now < 60_000; now += 100) meter.add(now, 40);
    expect(meter.load(60_000).utilization).toBeCloseTo(0.4, 1);
  });
});
