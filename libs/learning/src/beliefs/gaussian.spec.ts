import { seededRandom } from '@weir/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GaussianWeights } from './gaussian.ts';

const tenth = (min: number, max: number) =>
  fc.integer({ min: 10 * min, max: 10 * max }).map((value) => value / 10);

/** Inverse by Gauss-Jordan; the matrices here are positive definite. */
function inverse(matrix: readonly (readonly number[])[]): number[][] {
  const n = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...Array.from({ length: n }, (_, j) => (i === j ? 1 : 0))]);
  for (let pivot = 0; pivot < n; pivot++) {
    const scale = rows[pivot]![pivot]!;
    rows[pivot] = rows[pivot]!.map((value) => value / scale);
    for (let i = 0; i < n; i++) {
      const factor = rows[i]![pivot]!;
      if (i !== pivot) rows[i] = rows[i]!.map((value, j) => value - factor * rows[pivot]![j]!);
    }
  }
  return rows.map((row) => row.slice(n));
}

describe('Bayesian linear regression', () => {
  const deviations = [2, 1, 0.5];
  const prior = [1, 0, 2];
  const observation = fc.record({
    features: fc.tuple(tenth(-3, 3), tenth(-3, 3), tenth(-3, 3)),
    observed: tenth(-20, 20),
    noise: tenth(0.1, 4),
  });

  it('is the closed form for all observations at once', () => {
    fc.assert(
      fc.property(fc.array(observation, { minLength: 1, maxLength: 8 }), (observations) => {
        const weights = GaussianWeights.diagonal(prior, deviations);
        // Bishop 2006, 3.50 and 3.51: precisions add up, and so do precision-weighted means.
        const precision = prior.map((_, i) => prior.map((_, j) => (i === j ? 1 / deviations[i]! ** 2 : 0)));
        const weighted = prior.map((mean, i) => mean / deviations[i]! ** 2);
        for (const { features, observed, noise } of observations) {
          weights.update([0, 1, 2], features, observed, noise);
          for (let i = 0; i < 3; i++) {
            weighted[i]! += (features[i]! * observed) / noise;
            for (let j = 0; j < 3; j++) precision[i]![j]! += (features[i]! * features[j]!) / noise;
          }
        }
        const covariance = inverse(precision);
        const mean = covariance.map((row) => row.reduce((sum, value, j) => sum + value * weighted[j]!, 0));
        mean.forEach((value, i) => expect(weights.mean[i]).toBeCloseTo(value, 6));
        covariance.flat().forEach((value, at) => expect(weights.covariance[at]).toBeCloseTo(value, 6));
      }),
    );
  });

  it('predicts with the variance that its weights leave, sparse features or not', () => {
    const weights = GaussianWeights.diagonal(prior, deviations);
    expect(weights.predict([0, 2], [1, 2])).toEqual({ mean: 1 + 2 * 2, variance: 2 ** 2 + (2 * 0.5) ** 2 });
    weights.update([0], [1], 3, 1);
    expect(weights.predict([0], [1]).variance).toBeCloseTo(1 / (1 / 4 + 1));
  });

  it('takes an appended weight as independent of the others', () => {
    const weights = GaussianWeights.diagonal([1], [2]);
    expect(weights.append(5, 3)).toBe(1);
    expect(weights.predict([0, 1], [1, 1])).toEqual({ mean: 6, variance: 4 + 9 });
  });

  it('draws with its own mean and covariance', () => {
    const weights = GaussianWeights.diagonal(prior, deviations);
    weights.update([0, 1], [1, 1], 4, 0.5);
    const random = seededRandom(1);
    const count = 20_000;
    const draws = Array.from({ length: count }, () => weights.sample(random));
    const meanOf = (value: (draw: Float64Array) => number) =>
      draws.reduce((sum, draw) => sum + value(draw), 0) / count;
    for (let i = 0; i < 3; i++) {
      expect(meanOf((draw) => draw[i]!)).toBeCloseTo(weights.mean[i]!, 1);
      for (let j = 0; j < 3; j++) {
        const covariance = meanOf((draw) => (draw[i]! - weights.mean[i]!) * (draw[j]! - weights.mean[j]!));
        expect(covariance).toBeCloseTo(weights.covariance[3 * i + j]!, 1);
      }
    }
  });
});
