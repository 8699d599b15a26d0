import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadSamples } from './samples.ts';
import { loadFamily } from './manifest.ts';
import { measureAccuracy, wilson95 } from './measure-accuracy.ts';
import { startRunner } from '../serving/runner.ts';

describe('measureAccuracy', () => {
  it('counts right answers, whatever the number of slots', async () => {
    const family = await loadFamily();
    const variant = 'mobilenet-v1-0.25-fp32';
    const pictures = (await loadSamples(family)).slice(0, 40);
    const measured = [];
    for (const slots of [1, 2]) {
      await using runner = await startRunner({ family, variants: [variant], slots });
      let done = 0;
      measured.push(
        await measureAccuracy({
          runner,
          variant,
          pictures,
          onProgress: (progress) => (done = progress.done),
        }),
      );
      expect(done).toBe(40);
    }
    expect(measured[0]).toEqual(measured[1]);
    const right = measured[0]!.classIndices.filter((answer, i) => answer === pictures[i]!.classIndex).length;
    expect(measured[0]!.top1).toBe(right / 40);
    for (const margin of measured[0]!.margins) {
      expect(margin).toBeGreaterThanOrEqual(0);
      expect(margin).toBeLessThanOrEqual(1);
    }
    expect(new Set(measured[0]!.margins).size).toBeGreaterThan(30);
  });
});

describe('wilson95', () => {
  it('equals the published example: 81 of 263 gives 0.2553 to 0.3662', () => {
    // Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3.
    const [low, high] = wilson95(81, 263);
    expect(low).toBeCloseTo(0.2553, 4);
    expect(high).toBeCloseTo(0.3662, 4);
  });

  it('lies within 0..1 around the proportion', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (n, share) => {
          const right = Math.round(n * share);
          const [low, high] = wilson95(right, n);
          expect(low).toBeGreaterThanOrEqual(-1e-12);
          expect(high).toBeLessThanOrEqual(1 + 1e-12);
          expect(low - 1e-12).toBeLessThanOrEqual(right / n);
          expect(high + 1e-12).toBeGreaterThanOrEqual(right / n);
        },
      ),
    );
  });
});
