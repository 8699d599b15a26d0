import { seededRandom } from '@weir/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { looksSchema } from './curves-schema.ts';
import { type Answers, LEAST_PICTURES, estimateCurves, estimateSteps } from './estimate-curves.ts';
import { answersOf, trueChanged, trueGain, twoVariants } from './world.fixture.ts';

const repeated = <T>(values: readonly T[], times: number) =>
  Array.from({ length: times }, () => values).flat();
const answers = (name: string, margins: readonly number[], right: (picture: number) => boolean): Answers =>
  answersOf(
    name,
    margins,
    margins.map((_, picture) => right(picture)),
  );

describe('estimateSteps', () => {
  it.each([1, 2, 3, 4, 5])('finds a known gain within its error (seed %i)', (seed) => {
    const steps = estimateSteps(...twoVariants(20_000, seed));
    for (const { marginBelow, share, gain, standardError } of steps) {
      expect(Math.abs(gain - trueGain(marginBelow))).toBeLessThan(4 * standardError);
      expect(share).toBeCloseTo(Math.min(1, marginBelow), 1);
    }
    expect(steps.length).toBeGreaterThan(8);
    expect(steps[0]!.share).toBeLessThanOrEqual(0.12);
    expect(steps.at(-1)!.share).toBeGreaterThan(0.5);
    expect(steps.at(-1)!.share).toBeLessThan(0.85);
  });

  it.each([1, 2, 3])('counts the answers that a second look changes, gained or not (seed %i)', (seed) => {
    const [curve] = estimateCurves(twoVariants(20_000, seed));
    for (const { marginBelow, changed } of curve!.steps)
      expect(Math.abs(changed! - trueChanged(marginBelow))).toBeLessThan(0.015);
    expect(Math.abs(curve!.changed! - trueChanged(1))).toBeLessThan(0.015);
  });

  it('counts two different wrong answers as a change that gains nothing', () => {
    const margins = Array.from({ length: 1_000 }, (_, picture) => picture / 1_000);
    const first = answers('first', margins, (picture) => picture >= 300);
    const second = answers('second', margins, (picture) => picture >= 100);
    const otherwise = { ...second, classes: second.classes.map((answer) => (answer === 1 ? 2 : answer)) };
    const last = (of: Answers) => estimateSteps(first, of).at(-1)!;
    expect(last(second)).toMatchObject({ gain: 0.2, changed: 0.2 });
    expect(last(otherwise)).toMatchObject({ gain: 0.2, changed: 0.3 });
  });

  it('tells errors as large as gains scatter from sample to sample', () => {
    const n = 1_000;
    // Threshold-free: everything is looked at twice, and the gain is the difference of the two accuracies.
    const draws = Array.from({ length: 300 }, (_, seed) => {
      const random = seededRandom(seed);
      const margins = Array.from({ length: n }, () => 0.5);
      const first = answers('first', margins, () => random.uniform() < 0.5);
      const second = answers('second', margins, () => random.uniform() < 0.8);
      return estimateSteps(first, second)[0]!;
    });
    const mean = draws.reduce((sum, { gain }) => sum + gain, 0) / draws.length;
    const deviation = Math.sqrt(draws.reduce((sum, { gain }) => sum + (gain - mean) ** 2, 0) / draws.length);
    const told = draws.reduce((sum, { standardError }) => sum + standardError, 0) / draws.length;
    expect(told / deviation).toBeGreaterThan(0.85);
    expect(told / deviation).toBeLessThan(1.15);
  });

  it('does not take copies of a picture for new ones', () => {
    const [first, second] = twoVariants(2_000, 7);
    const copied = ({ name, margins, right }: Answers) =>
      answersOf(name, repeated(margins, 4), repeated(right, 4));
    const subjects = repeated([...first.margins.keys()], 4);
    const once = estimateSteps(first, second).at(-1)!;
    const four = estimateSteps(copied(first), copied(second), subjects).at(-1)!;
    const naive = estimateSteps(copied(first), copied(second)).at(-1)!;
    expect(four.standardError / once.standardError).toBeCloseTo(1, 1);
    expect(naive.standardError / once.standardError).toBeCloseTo(0.5, 1);
  });

  it('means by each step what its threshold does to the pictures, ties included, and stays concave', () => {
    const worlds = fc.record({
      seed: fc.integer({ min: 0, max: 1e6 }),
      pictures: fc.integer({ min: LEAST_PICTURES, max: 1_500 }),
      levels: fc.constantFrom(1, 2, 3, 10, 40, 100, 333, 1e9),
    });
    fc.assert(
      fc.property(worlds, ({ seed, pictures, levels }) => {
        const [fine, second] = twoVariants(pictures, seed);
        const first = {
          ...fine,
          margins: fine.margins.map((margin) => Math.round(margin * levels) / levels),
        };
        const steps = estimateSteps(first, second);
        for (const { marginBelow, share, gain } of steps) {
          const twice = first.margins.flatMap((margin, picture) => (margin < marginBelow ? [picture] : []));
          const gained = twice.map((picture) => Number(second.right[picture]) - Number(first.right[picture]));
          expect(share).toBe(twice.length / pictures);
          expect(gain).toBe(gained.reduce((sum, one) => sum + one, 0) / pictures);
        }
        expect(steps.length).toBeLessThanOrEqual(Math.min(25, pictures / 50));
        if (steps.length > 0)
          looksSchema.parse({ pictures, curves: [{ first: 'small', second: 'large', steps }] });
      }),
      { numRuns: 60 },
    );
  });

  it('looks at all twice, in one step, where all margins are the same', () => {
    const margins = Array.from({ length: 1_000 }, () => 1);
    const first = answers('first', margins, (picture) => picture % 2 === 0);
    const second = answers('second', margins, () => true);
    expect(estimateSteps(first, second)).toEqual([
      {
        marginBelow: 2,
        share: 1,
        gain: 0.5,
        standardError: expect.closeTo(0.0158, 4) as number,
        changed: 0.5,
      },
    ]);
  });
});

describe('estimateCurves', () => {
  it('goes from the less to the more accurate variant only, even where the less accurate one gains', () => {
    const pairs = estimateCurves(twoVariants(5_000, 1)).map(({ first, second }) => [first, second]);
    expect(pairs).toEqual([['small', 'large']]);

    const margins = Array.from({ length: 1_000 }, (_, picture) => picture / 1_000);
    const better = answers('better', margins, (picture) => picture >= 200);
    const worse = answers('worse', margins, (picture) => picture % 10 < 7);
    expect(estimateSteps(better, worse)).not.toEqual([]);
    expect(estimateCurves([better, worse]).map(({ second }) => second)).not.toContain('worse');
  });

  it.each([
    ['always right', true],
    ['always wrong', false],
  ])('has no curves for variants that are %s', (_, right) => {
    const margins = Array.from({ length: 1_000 }, (__, picture) => picture / 1_000);
    expect(estimateCurves([answers('a', margins, () => right), answers('b', margins, () => right)])).toEqual(
      [],
    );
  });

  it('leaves out what chance explains: variants that are as good as each other', () => {
    const found = Array.from({ length: 60 }, (_, seed) => {
      const random = seededRandom(seed);
      const margins = Array.from({ length: 2_000 }, () => random.uniform());
      return estimateCurves([
        answers('a', margins, () => random.uniform() < 0.8),
        answers('b', margins, () => random.uniform() < 0.8),
      ]).length;
    });
    expect(found.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(12);
  });

  it('says nothing of fewer pictures than it needs, and little of few', () => {
    expect(estimateCurves(twoVariants(LEAST_PICTURES - 1, 1))).toEqual([]);
    const [curve] = estimateCurves(twoVariants(LEAST_PICTURES, 1));
    expect(curve!.steps.length).toBeLessThanOrEqual(4);
    expect(estimateCurves([])).toEqual([]);
  });
});
