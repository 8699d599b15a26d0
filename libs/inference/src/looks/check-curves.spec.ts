import { mean } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { lookCurvesOf } from './curves-schema.ts';
import { MOST_DEVIATION, checkCurves } from './check-curves.ts';
import { estimateCurves } from './estimate-curves.ts';
import { twoVariants } from './world.fixture.ts';

const curvesOf = (seed: number, { factor = 1, pictures = 10_000 } = {}) => {
  const curves = estimateCurves(twoVariants(pictures, seed)).map((curve) => ({
    ...curve,
    steps: curve.steps.map((step) => ({ ...step, gain: step.gain * factor })),
  }));
  return lookCurvesOf({ pictures, curves }, ['small', 'large']);
};

describe('checkCurves', () => {
  it.each([1, 2, 3, 4])('finds honest curves kept on other pictures (seed %i)', (seed) => {
    const { checks, worstDeviation, faults } = checkCurves(curvesOf(seed), twoVariants(8_000, 100 + seed));
    expect(faults).toEqual([]);
    expect(worstDeviation).toBeLessThan(MOST_DEVIATION);
    const near = checks.map(({ share }, check) => Math.abs(share - [0.1, 0.25, 0.5][check]!));
    expect(Math.max(...near)).toBeLessThan(0.1);
    for (const { share, measuredShare, predictedAccuracy, measuredAccuracy } of checks) {
      expect(measuredShare).toBeCloseTo(share, 1);
      expect(predictedAccuracy).toBeGreaterThan(0.7);
      expect(measuredAccuracy).toBeCloseTo(predictedAccuracy, 1);
    }
  });

  it('measures deviations in standard errors: those of honest curves scatter by about 1', () => {
    const deviations = Array.from({ length: 80 }, (_, seed) =>
      checkCurves(curvesOf(seed, { pictures: 2_000 }), twoVariants(1_000, 500 + seed)),
    ).map(({ checks }) => checks[1]!.deviation);
    const scatter = Math.sqrt(mean(deviations.map((deviation) => deviation ** 2)));
    expect(scatter).toBeGreaterThan(0.8);
    expect(scatter).toBeLessThan(1.25);
  });

  it('names a curve that promises too much, and one that promises too little', () => {
    const pictures = twoVariants(8_000, 9);
    expect(checkCurves(curvesOf(1, { factor: 1.5 }), pictures).faults[0]).toMatch(
      /small, then large below a margin of .*: top-1 is 0\.7\d+; the curve says 0\.\d+, .* standard errors off/,
    );
    expect(checkCurves(curvesOf(1, { factor: 0.5 }), pictures).faults).not.toEqual([]);
  });

  it('names a curve whose answers change more often than it says, and says nothing where it does not', () => {
    const of = (changedOf: (changed: number) => { changed?: number }) => {
      const { curves, ...rest } = curvesOf(1);
      const steps = ({ steps: own }: (typeof curves)[number]) =>
        own.map(({ changed, ...step }) => ({ ...step, ...changedOf(changed!) }));
      return { ...rest, curves: curves.map((curve) => ({ ...curve, steps: steps(curve) })) };
    };
    const pictures = twoVariants(8_000, 9);
    expect(
      checkCurves(
        of((changed) => ({ changed })),
        pictures,
      ).faults,
    ).toEqual([]);
    expect(
      checkCurves(
        of((changed) => ({ changed: 0.7 * changed })),
        pictures,
      ).faults[0],
    ).toMatch(
      /small, then large below a margin of .*: the share of changed answers is 0\.\d+; the curve says 0\.\d+/,
    );
    const silent = checkCurves(
      of(() => ({})),
      pictures,
    );
    expect(silent.faults).toEqual([]);
    expect(silent.checks.map(({ changedDeviation }) => changedDeviation)).toEqual([0, 0, 0]);
  });

  it('checks a curve of one step once', () => {
    const { curves, ...rest } = curvesOf(1);
    const short = { ...rest, curves: curves.map((curve) => ({ ...curve, steps: curve.steps.slice(0, 1) })) };
    expect(checkCurves(short, twoVariants(1_000, 1)).checks).toHaveLength(1);
  });

  it('has no opinion on what these answers do not tell', () => {
    const [small] = twoVariants(1_000, 1);
    expect(checkCurves(curvesOf(1), [small])).toMatchObject({ checks: [], worstDeviation: 0, faults: [] });
    const none = twoVariants(0, 1);
    expect(checkCurves(curvesOf(1), none)).toMatchObject({ checks: [], worstDeviation: 0, faults: [] });
  });
});
