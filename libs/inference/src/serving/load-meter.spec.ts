import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LoadMeter, WINDOW_MS } from './load-meter.ts';

describe('LoadMeter', () => {
  it('averages over the last 5 s and decays to zero when idle', () => {
    const meter = new LoadMeter({ slots: 2, now: 0 });
    for (let at = 0; at < 10_000; at += 100) meter.arrived(at);
    meter.changed({ now: 10_000, inService: 2, freeAt: 12_000 });
    meter.changed({ now: 12_000, inService: 0, freeAt: 12_000 });

    const busy = meter.read(12_000);
    expect(busy.utilization).toBeCloseTo(0.4, 6);
    expect(busy.meanBacklogMs).toBeCloseTo(2_000 ** 2 / 2 / WINDOW_MS, 6);
    expect(busy.congestionPerMs).toBeCloseTo(30 / 5_000 / 0.6, 3);

    expect(meter.read(17_100)).toEqual({ utilization: 0, meanBacklogMs: 0, congestionPerMs: 0 });
    expect(meter.read(1e9).utilization).toBe(0);
  });

  it('caps the congestion price at utilization 0.95', () => {
    const meter = new LoadMeter({ slots: 1, now: 0 });
    meter.changed({ now: 0, inService: 1, freeAt: 1e9 });
    for (let at = 0; at < 5_000; at += 10) meter.arrived(at);
    const { utilization, congestionPerMs } = meter.read(5_000);
    expect(utilization).toBeCloseTo(1, 9);
    expect(congestionPerMs).toBeCloseTo(0.1 / 0.05, 6);
  });

  it('agrees with sampling at every ms', () => {
    const step = fc.record({
      waitMs: fc.integer({ min: 1, max: 3_000 }),
      inService: fc.integer({ min: 0, max: 3 }),
      backlogMs: fc.integer({ min: 0, max: 2_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const meter = new LoadMeter({ slots: 3, now: 0 });
        const samples: { busy: number; backlog: number }[] = [];
        for (const { waitMs, inService, backlogMs } of steps) {
          const now = samples.length;
          meter.changed({ now, inService, freeAt: now + backlogMs });
          for (let ms = 0; ms < waitMs; ms++)
            samples.push({ busy: inService, backlog: Math.max(0, backlogMs - ms - 0.5) });
        }
        const now = Math.ceil(samples.length / 100) * 100;
        while (samples.length < now)
          samples.push({ ...samples.at(-1)!, backlog: Math.max(0, samples.at(-1)!.backlog - 1) });
        const span = Math.min(WINDOW_MS, Math.max(1_000, now));
        const window = samples.slice(-WINDOW_MS);
        const read = meter.read(now);
        expect(read.utilization).toBeCloseTo(window.reduce((s, x) => s + x.busy, 0) / span / 3, 2);
        expect(read.meanBacklogMs).toBeCloseTo(window.reduce((s, x) => s + x.backlog, 0) / span, 0);
      }),
      { numRuns: 50 },
    );
  });
});
