import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AccuracyCorrection, correctedAccuracies, correctedCurves } from './accuracy-correction.ts';
import type { LookCurves, LookStep } from './look-curve.ts';

const accuracyOf = new Map([
  ['best', 0.9],
  ['middle', 0.85],
  ['small', 0.8],
]);
const step = (marginBelow: number, share: number, gain: number): LookStep => ({
  marginBelow,
  share,
  gain,
  standardError: 0.002,
  changed: Math.min(share, 2 * gain),
});
const steps = [step(0.2, 0.2, 0.05), step(0.4, 0.4, 0.08), step(0.8, 0.8, 0.1)];
const looks: LookCurves = {
  version: 'curves-1',
  pictures: 10_000,
  curves: [
    { first: 'small', second: 'best', steps, changed: 0.2 },
    { first: 'small', second: 'middle', steps: [step(0.2, 0.2, 0.03), step(0.4, 0.4, 0.05)] },
  ],
};
const of = (...firsts: AccuracyCorrection['firsts'][number][]) => ({ shortfall: 0, firsts });

/** Accuracy after a first look by `small` and second looks by `second`, by step. */
function promised(correction: AccuracyCorrection, second = 'best') {
  const accuracy = correctedAccuracies(accuracyOf, correction).get('small')!;
  const curve = correctedCurves(looks, correction, accuracyOf).curves.find((each) => each.second === second);
  return curve?.steps.map(({ gain }) => accuracy + gain) ?? [];
}

describe('correctedAccuracies', () => {
  it('takes the shortfall from every variant, and from one what it loses more against the best', () => {
    const corrected = correctedAccuracies(accuracyOf, {
      shortfall: 0.02,
      firsts: [{ variant: 'small', loss: 1.5, share: 1 }],
    });
    expect(corrected.get('best')).toBeCloseTo(0.88);
    expect(corrected.get('middle')).toBeCloseTo(0.83);
    expect(corrected.get('small')).toBeCloseTo(0.9 - 1.5 * 0.1 - 0.02);
  });

  it('stays within 0..1', () => {
    const lost = correctedAccuracies(accuracyOf, of({ variant: 'small', loss: 1_000, share: 1 }));
    expect(lost.get('small')).toBe(0);
  });
});

describe('correctedCurves', () => {
  it('leaves curves as they are where nothing is lost', () => {
    expect(correctedCurves(looks, of(), accuracyOf)).toBe(looks);
    expect(correctedCurves(looks, of({ variant: 'other', loss: 3, share: 2 }), accuracyOf)).toEqual(looks);
  });

  it('regains by second looks as large a part of what margins do not show as they are of all frames', () => {
    // 0.05 more is lost at every margin alike: what is not looked at again keeps its part of it.
    const lost = promised(of({ variant: 'small', loss: 1.5, share: 1 }));
    const before = steps.map(({ gain }) => 0.8 + gain);
    lost.forEach((accuracy, at) => expect(accuracy).toBeCloseTo(before[at]! - 0.05 * (1 - steps[at]!.share)));
  });

  it('regains what margins show where the curve gains, and looks again at so many more frames', () => {
    const correction = of({ variant: 'small', loss: 1.2, share: 1.2 });
    const [curve] = correctedCurves(looks, correction, accuracyOf).curves;
    expect(curve!.steps.map(({ share }) => share)).toEqual(
      [0.24, 0.48, 0.96].map((share) => expect.closeTo(share) as number),
    );
    const accuracies = promised(correction);
    expect(accuracies.at(-1)).toBeCloseTo(0.9);
    steps.forEach(({ gain }, at) => expect(accuracies[at]).toBeCloseTo(0.8 - 0.02 + 1.2 * gain));
  });

  it('keeps the threshold of the step that takes in all frames, and drops those behind it', () => {
    const [curve] = correctedCurves(
      looks,
      of({ variant: 'small', loss: 2.5, share: 2.5 }),
      accuracyOf,
    ).curves;
    expect(curve!.steps.map(({ marginBelow, share }) => [marginBelow, share])).toEqual([
      [0.2, 0.5],
      [0.4, 1],
    ]);
  });

  it('does not gain by a second look what the second variant loses itself', () => {
    const drifted = of({ variant: 'middle', loss: 1.4, share: 1 });
    // 0.02 of each frame that `middle` answers.
    expect(promised(drifted, 'middle')).toEqual(
      [0.83 - 0.2 * 0.02, 0.85 - 0.4 * 0.02].map((accuracy) => expect.closeTo(accuracy) as number),
    );
    expect(promised(drifted)).toEqual(promised(of()));
    expect(promised(of({ variant: 'middle', loss: 5, share: 1 }), 'middle')).toEqual([]);
  });

  it('stays a curve, and never promises more than without a correction', () => {
    const first = (variant: string) =>
      fc.record({
        variant: fc.constant(variant),
        loss: fc.double({ min: 1, max: 6, noNaN: true }),
        share: fc.double({ min: 0.2, max: 6, noNaN: true }),
      });
    fc.assert(
      fc.property(first('small'), first('middle'), (small, middle) => {
        const correction = of(small, middle);
        const accuracy = correctedAccuracies(accuracyOf, correction).get('small')!;
        for (const curve of correctedCurves(looks, correction, accuracyOf).curves) {
          let before = { marginBelow: 0, share: 0, gain: 0, slope: Infinity };
          for (const { marginBelow, share, gain, changed } of curve.steps) {
            const slope = (gain - before.gain) / (share - before.share);
            expect(marginBelow > before.marginBelow && share > before.share && gain > before.gain).toBe(true);
            expect(share).toBeLessThanOrEqual(1);
            expect(slope).toBeLessThanOrEqual(before.slope + 1e-9);
            expect(changed).toBeGreaterThanOrEqual(gain);
            expect(changed).toBeLessThanOrEqual(share);
            const own = looks.curves.find(({ second }) => second === curve.second)!;
            const uncorrected = own.steps.find((each) => each.marginBelow === marginBelow)!;
            if (accuracy > 0) expect(accuracy + gain).toBeLessThanOrEqual(0.8 + uncorrected.gain + 1e-9);
            before = { marginBelow, share, gain, slope };
          }
        }
      }),
    );
  });
});
