import { seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { CostBlock } from './cost-block.ts';
import { RelativeNoise } from './noise.ts';

interface Stream {
  readonly seed: number;
  /** Of the body, relative. */
  readonly noise?: number;
  /** Share of outliers, two to twenty times as slow. */
  readonly outliers?: number;
  /** Mean length of a run of outliers. */
  readonly burst?: number;
}

/** Service times around 100 ms. */
function times({ seed, noise = 0.06, outliers = 0, burst = 1 }: Stream): () => number {
  const random = seededRandom(seed);
  let left = 0;
  return () => {
    if (left === 0 && random.uniform() < outliers / burst)
      left = burst === 1 ? 1 : 1 + Math.round(random.exponential(burst - 1));
    const slow = left > 0 ? 2 * 10 ** random.uniform() : 1;
    left = Math.max(0, left - 1);
    return 100 * slow * Math.exp(noise * random.normal());
  };
}

function watched(stream: Stream) {
  const next = times(stream);
  const noise = new RelativeNoise(0.15);
  const block = new CostBlock([1], [0.5], 100);
  return {
    block,
    observe: (factor = 1, reporter?: string) =>
      block.observe({
        indices: [0],
        values: [1],
        observedMs: factor * next(),
        noise,
        noiseWeight: 1,
        ...(reporter !== undefined && { reporter }),
      }),
  };
}

function alarms(stream: Stream, observations: number): number {
  const { observe } = watched(stream);
  let count = 0;
  for (let i = 0; i < observations; i++) if (observe()) count++;
  return count;
}

/** Outcomes from a change by that factor to its alarm, the p-quantile over seeds. */
function delay(factor: number, stream: Omit<Stream, 'seed'>, p = 0.9): number {
  const delays = Array.from({ length: 20 }, (_, seed) => {
    const { observe } = watched({ ...stream, seed });
    for (let i = 0; i < 400; i++) observe();
    for (let i = 1; i <= 200; i++) if (observe(factor)) return i;
    return Infinity;
  }).sort((a, b) => a - b);
  return delays[Math.floor(p * delays.length)]!;
}

describe('change detector', () => {
  it.each([
    ['normal noise', {}],
    ['noise of 20 %', { noise: 0.2 }],
    ['2 % outliers', { outliers: 0.02 }],
    ['5 % outliers', { outliers: 0.05 }],
    ['2 % outliers in bursts of two', { outliers: 0.02, burst: 2 }],
  ])('calls at most one change in 10,000 outcomes without one: %s', (_, stream) => {
    const total = [1, 2, 3].reduce((sum, seed) => sum + alarms({ ...stream, seed }, 10_000), 0);
    expect(total).toBeLessThanOrEqual(3);
  });

  it.each([1.1, 0.9])('finds a change to %f times within 50 outcomes', (factor) => {
    expect(delay(factor, { noise: 0.06 })).toBeLessThanOrEqual(50);
    expect(delay(factor, { noise: 0.06, outliers: 0.03 })).toBeLessThanOrEqual(50);
  });

  it('finds twice or half the time within five outcomes', () => {
    expect(delay(2, { noise: 0.06, outliers: 0.03 })).toBeLessThanOrEqual(5);
    expect(delay(0.5, { noise: 0.06, outliers: 0.03 })).toBeLessThanOrEqual(5);
  });

  it('asks more of one reporter alone where others report too, and calls it in the end', () => {
    const { observe } = watched({ seed: 8 });
    for (let i = 0; i < 100; i++) observe(1, `device-${i % 3}`);
    const calls = Array.from({ length: 60 }, () => observe(1.5, 'device-0'));
    const alone = watched({ seed: 8 });
    for (let i = 0; i < 100; i++) alone.observe(1, 'device-0');
    const callsAlone = Array.from({ length: 60 }, () => alone.observe(1.5, 'device-0'));
    expect(callsAlone.indexOf(true)).toBeGreaterThanOrEqual(0);
    expect(calls.indexOf(true)).toBeGreaterThan(2 * callsAlone.indexOf(true));
  });

  it('believes no lone reporter that others contradict, and two that agree', () => {
    const lied = watched({ seed: 7 });
    for (let i = 0; i < 100; i++) lied.observe(1, `device-${i % 3}`);
    let called = false;
    for (let i = 0; i < 300; i++) {
      called ||= lied.observe(i % 3 === 0 ? 3 : 1, `device-${i % 3}`);
    }
    expect(called).toBe(false);
    expect(lied.block.weights.mean[0]).toBeGreaterThan(90);
    expect(lied.block.weights.mean[0]).toBeLessThan(115);

    const told = watched({ seed: 7 });
    for (let i = 0; i < 100; i++) told.observe(1, `device-${i % 3}`);
    for (let i = 0; i < 30; i++) told.observe(i % 3 === 0 ? 1 : 3, `device-${i % 3}`);
    expect(told.block.weights.mean[0]).toBeGreaterThan(250);
  });
});
