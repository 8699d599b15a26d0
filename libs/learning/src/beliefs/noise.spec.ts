import { seededRandom } from '@weir/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CostBlock } from './cost-block.ts';
import { RelativeNoise } from './noise.ts';

/** Noise after innovations of that deviation, a share of them outliers of two to twenty times. */
function learned({ deviation, outliers = 0, seed }: { deviation: number; outliers?: number; seed: number }) {
  const random = seededRandom(seed);
  const noise = new RelativeNoise(0.15);
  for (let i = 0; i < 3_000; i++) {
    const far = random.uniform() < outliers ? Math.log(2) + random.uniform() * Math.log(10) : 0;
    noise.observe(deviation * random.normal() + far, 0, 1, undefined);
  }
  return noise;
}

describe('relative noise', () => {
  it('learns the deviation that there is, whatever it guessed', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.02, max: 0.4, noNaN: true }), fc.nat(), (deviation, seed) => {
        expect(learned({ deviation, seed }).deviation / deviation).toBeGreaterThan(0.8);
        expect(learned({ deviation, seed }).deviation / deviation).toBeLessThan(1.25);
      }),
      { numRuns: 20 },
    );
  });

  it('forgets: noise that has halved is learned, however long it was there', () => {
    const random = seededRandom(5);
    const noise = new RelativeNoise(0.15);
    for (let i = 0; i < 10_000; i++) noise.observe(0.1 * random.normal(), 0, 1, undefined);
    for (let i = 0; i < 1_500; i++) noise.observe(0.05 * random.normal(), 0, 1, undefined);
    expect(noise.deviation).toBeLessThan(0.06);
  });

  it('learns the body apart from its outliers', () => {
    const noise = learned({ deviation: 0.06, outliers: 0.05, seed: 3 });
    expect(noise.deviation).toBeLessThan(0.075);
    expect(noise.bodyProbability(0.05, noise.deviation)).toBeGreaterThan(0.95);
    expect(noise.bodyProbability(0.7, noise.deviation)).toBeLessThan(0.01);
  });

  it('does not take for noise what the prediction did not know', () => {
    const noise = new RelativeNoise(0.05);
    for (let i = 0; i < 200; i++) noise.observe(0.5, 0.25, 1, undefined);
    expect(noise.deviation).toBeLessThan(0.1);
  });

  it('counts innovations that repeat each other for less', () => {
    const random = seededRandom(2);
    const noise = new RelativeNoise(0.1);
    let [x, before] = [0, undefined as number | undefined];
    for (let i = 0; i < 4_000; i++) {
      x = 0.5 * x + Math.sqrt(0.75) * random.normal();
      noise.observe(0.1 * x, 0, 1, before);
      before = x;
    }
    // (1 − 0.5) / (1 + 0.5)
    expect(noise.independence).toBeGreaterThan(0.27);
    expect(noise.independence).toBeLessThan(0.42);
    expect(learned({ deviation: 0.1, seed: 1 }).independence).toBe(1);
  });
});

describe('cost block', () => {
  const measured = (ms: number, noise: RelativeNoise) => ({
    indices: [0],
    values: [1],
    observedMs: ms,
    noise,
    noiseWeight: 1,
  });

  it('takes what it cannot know yet for no change: an uncertain prediction has room', () => {
    const noise = new RelativeNoise(0.05);
    const block = CostBlock.expecting({ mean: [100], covariance: [100 ** 2], priorMs: 100 });
    for (let i = 0; i < 40; i++) expect(block.observe(measured(200, noise))).toBe(false);
    expect(block.weights.mean[0]).toBeCloseTo(200, -1);
    expect(block.state().settled).toBe(40);
  });

  /** How far one time of `ms` moves a block that has met 100 ms fifty times, ms. */
  const shiftMs = (ms: number) => {
    const noise = new RelativeNoise(0.06);
    const block = new CostBlock([1], [0.5], 100);
    for (let i = 0; i < 50; i++) block.observe(measured(100, noise));
    block.observe(measured(ms, noise));
    return Math.abs(block.weights.mean[0]! - 100);
  };

  it.each([5, 30, 300, 1_000, 1e6])(
    'is moved by one time of %i ms among those of 100 by less than 2',
    (ms) => {
      expect(shiftMs(ms)).toBeLessThan(2);
    },
  );

  it('is moved by an outlier no further than its noise', () => {
    fc.assert(
      fc.property(fc.double({ min: 3, max: 1e5, noNaN: true }), fc.boolean(), (factor, slow) => {
        expect(shiftMs(slow ? 100 * factor : 100 / factor)).toBeLessThan(2);
      }),
    );
  });

  it('takes its scale from its first observation, up to fifty times the prior', () => {
    const expected = [300, 3, 90_000].map((ms) => {
      const block = new CostBlock([1, 0.5], [0.2, 0.2], 300);
      block.observe({ ...measured(ms, new RelativeNoise(0.15)) });
      return block.weights.mean;
    });
    expect(expected[0]![0]).toBeCloseTo(300, 6);
    // Too far off for one observation: it meets the bound, and the rest is learned like any observation.
    expect(expected[1]![0]).toBeLessThan(6.1);
    expect(expected[2]![0]).toBeGreaterThan(14_900);
    const block = new CostBlock([1, 0.5], [0.2, 0.2], 300);
    block.observe(measured(3_000, new RelativeNoise(0.15)));
    expect([block.weights.mean[0], block.weights.mean[1]]).toEqual([
      expect.closeTo(3_000, 6),
      expect.closeTo(1_500, 6),
    ]);
  });

  it('follows a step far too small for an alarm by forgetting', () => {
    const random = seededRandom(6);
    const noise = new RelativeNoise(0.06);
    const block = new CostBlock([1], [0.5], 100);
    const time = (ms: number) => ms * Math.exp(0.06 * random.normal());
    for (let i = 0; i < 10_000; i++) block.observe(measured(time(100), noise));
    let called = false;
    for (let i = 0; i < 500; i++) called ||= block.observe(measured(time(103), noise));
    expect(called).toBe(false);
    expect(block.weights.mean[0]).toBeGreaterThan(102);
  });

  it('follows a step too small for an alarm within two of its effective memories, after however many observations', () => {
    const random = seededRandom(4);
    const noise = new RelativeNoise(0.06);
    const block = new CostBlock([1], [0.5], 100);
    const time = (ms: number) => ms * Math.exp(0.06 * random.normal());
    for (let i = 0; i < 10_000; i++) block.observe(measured(time(100), noise));
    for (let i = 0; i < 400; i++) block.observe(measured(time(105), noise));
    expect(block.weights.mean[0]).toBeGreaterThan(103);
    expect(block.weights.mean[0]).toBeLessThan(107);
  });
});
