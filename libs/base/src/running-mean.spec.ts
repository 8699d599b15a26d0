import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Random, seededRandom } from './random.ts';
import {
  meanAtLeast,
  nothingObserved,
  observed,
  observedInPart,
  type RunningMean,
  together,
} from './running-mean.ts';

const of = (values: readonly number[]): RunningMean => values.reduce(observed, nothingObserved);
const rightOrWrong = (random: Random, accuracy: number) => Number(random.uniform() < accuracy);

/** Draws the next observation; `expected`: its mean, given those before. */
type Source = (random: Random, at: number) => { readonly value: number; readonly expected: number };
const steady =
  (accuracy: number): Source =>
  (random) => ({ value: rightOrWrong(random, accuracy), expected: accuracy });

/** Runs of `length` in which the bound is above the truth at any time at all. */
function runsAbove(source: Source, { length, level }: { length: number; level: number }): number {
  return Array.from({ length: 200 }, (_, run) => {
    const random = seededRandom(run);
    let [mean, expectedSum] = [nothingObserved, 0];
    for (let at = 0; at < length; at++) {
      const { value, expected } = source(random, at);
      mean = observed(mean, value);
      expectedSum += expected;
      if (meanAtLeast(mean, level) > expectedSum / mean.count) return 1;
    }
    return 0;
  }).reduce((sum: number, above) => sum + above, 0);
}

describe('meanAtLeast', () => {
  // 200 runs at 95 %: 10, and three standard deviations.
  it.each<[string, Source]>([
    ['answers that are right one time in two', steady(0.5)],
    ['answers that are right seven times in eight', steady(0.875)],
    ['answers that are nearly always right', steady(0.99)],
    ['answers that are nearly never right', steady(0.02)],
    ['answers that get worse', (random, at) => steady(at < 200 ? 0.97 : 0.7)(random, at)],
    [
      'answers that are worse after a streak of luck',
      (() => {
        let before = 0;
        return (random: Random) => {
          const expected = before === 1 ? 0.6 : 0.95;
          before = rightOrWrong(random, expected);
          return { value: before, expected };
        };
      })(),
    ],
    ['shares of any size', (random) => ({ value: random.uniform() ** 2, expected: 1 / 3 })],
  ])('is hardly ever above the truth at any time: %s', (_what, source) => {
    expect(runsAbove(source, { length: 500, level: 0.95 })).toBeLessThanOrEqual(19);
  });

  it('may be wrong more often where less is asked of it, and is nearer then', () => {
    const mean = of(Array.from({ length: 500 }, (_, at) => Number(at % 8 > 0)));
    const [sure, lenient] = [meanAtLeast(mean, 0.99), meanAtLeast(mean, 0.5)];
    expect(sure).toBeLessThan(meanAtLeast(mean));
    expect(meanAtLeast(mean)).toBe(meanAtLeast(mean, 0.95));
    expect(meanAtLeast(mean)).toBeLessThan(lenient);
    expect(lenient).toBeLessThan(mean.sum / mean.count);
    // A bound that is never wrong at all would be of no use.
    expect(runsAbove(steady(0.5), { length: 500, level: 0.5 })).toBeGreaterThan(10);
  });

  it.each([
    [0.5, 10_000, 0.02],
    [0.875, 1_000, 0.045],
    [0.875, 10_000, 0.0125],
    [0.875, 100_000, 0.004],
    [0.99, 10_000, 0.005],
  ])('comes close: %f after %i answers by %f', (accuracy, answers, width) => {
    const random = seededRandom(1);
    let mean = nothingObserved;
    for (let answer = 0; answer < answers; answer++) mean = observed(mean, rightOrWrong(random, accuracy));
    const gap = mean.sum / mean.count - meanAtLeast(mean);
    expect(gap).toBeGreaterThan(0);
    expect(gap).toBeLessThan(width);
  });

  it('claims little of a few: ten right ones may have been luck', () => {
    expect(meanAtLeast(nothingObserved)).toBe(0);
    expect(meanAtLeast(of([1]))).toBe(0);
    const ten = meanAtLeast(of(Array<number>(10).fill(1)));
    expect(ten).toBeGreaterThan(0.3);
    // 0.95 of the time, ten of ten need an accuracy of at least 0.05 ** (1 / 10), about 0.74, even if one looks only once.
    expect(ten).toBeLessThan(0.74);
  });

  it('lies between 0 and the mean, whatever was observed', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(share, { minLength: 1, maxLength: 200 }), (values) => {
        const mean = of(values);
        const bound = meanAtLeast(mean);
        expect(bound).toBeGreaterThanOrEqual(0);
        expect(bound).toBeLessThanOrEqual(mean.sum / mean.count);
      }),
    );
  });

  it('keeps three numbers however much it has observed, and goes on from them after JSON', () => {
    const random = seededRandom(2);
    const values = Array.from({ length: 1_000 }, () => random.uniform());
    const half = JSON.parse(JSON.stringify(of(values.slice(0, 500)))) as RunningMean;
    expect(Object.keys(half)).toHaveLength(3);
    expect(values.slice(500).reduce(observed, half)).toEqual(of(values));
  });

  it('foresees each observation from those before it alone', () => {
    const [first, second, third] = [0.5, 1.5 / 2, 2.5 / 3];
    expect(of([1, 1, 0]).variation).toBeCloseTo((1 - first) ** 2 + (1 - second) ** 2 + third ** 2, 12);
  });

  it('bounds what several have observed, as closely as had one observed it all', () => {
    expect(together([])).toEqual(nothingObserved);
    const random = seededRandom(5);
    const parts = Array.from({ length: 3 }, () =>
      of(Array.from({ length: 400 }, () => rightOrWrong(random, 0.9))),
    );
    const bound = meanAtLeast(together(parts));
    for (const part of parts) expect(bound).toBeGreaterThan(meanAtLeast(part));
    const rights = parts.reduce((sum, part) => sum + part.sum, 0);
    const one = of(Array.from({ length: 1_200 }, (_, at) => Number((at * rights) % 1_200 < rights)));
    expect(one.sum).toBe(rights);
    expect(bound).toBeCloseTo(meanAtLeast(one), 2);
  });

  it('is hardly ever above a weighted mean, when each weighs what it did before it was made', () => {
    const above = Array.from({ length: 200 }, (_, run) => {
      const random = seededRandom(run);
      let [mean, expectedSum] = [nothingObserved, 0];
      for (let at = 0; at < 500; at++) {
        // Those that weigh little are right more often.
        const weight = at % 2 === 0 ? 0.2 : 1;
        const expected = 0.9 - 0.2 * weight;
        mean = observedInPart(mean, rightOrWrong(random, expected), weight);
        expectedSum += weight * expected;
        if (meanAtLeast(mean) > expectedSum / mean.count) return true;
      }
      return false;
    });
    expect(above.filter(Boolean).length).toBeLessThanOrEqual(19);
    const halves = Array.from({ length: 400 }, () => 1).reduce(
      (mean, right) => observedInPart(mean, right, 0.5),
      nothingObserved,
    );
    expect(halves).toMatchObject({ count: 200, sum: 200 });
  });

  it.each([-0.1, 1.1, NaN])('refuses an observation of %f', (value) => {
    expect(() => observed(nothingObserved, value)).toThrow(RangeError);
  });
});
