import type { Random } from '@weir/base';

/** What one observation says: y = features · weights + noise. */
export interface Prediction {
  readonly mean: number;
  /** Variance from not knowing the weights, without the noise. */
  readonly variance: number;
}

/** JSON form of a `GaussianWeights`. */
export interface GaussianState {
  readonly mean: readonly number[];
  /** Row-major, full. */
  readonly covariance: readonly number[];
}

/**
 * Bayesian linear regression with known noise: a normal distribution over the weights, updated by one observation at a
 * time (rank 1). Features are sparse: parallel arrays of indices and values. Dimensions can be appended, independent
 * of the old ones. Source: Bishop 2006, "Pattern Recognition and Machine Learning", section 3.3.
 */
export class GaussianWeights {
  mean: Float64Array;
  /** [dimensions × dimensions], row-major. */
  covariance: Float64Array;
  dimensions: number;
  #gain = new Float64Array(0);

  constructor(mean: readonly number[], covariance: readonly number[]) {
    this.dimensions = mean.length;
    this.mean = Float64Array.from(mean);
    this.covariance = Float64Array.from(covariance);
  }

  static diagonal(mean: readonly number[], deviations: readonly number[]): GaussianWeights {
    const d = mean.length;
    const covariance = new Array<number>(d * d).fill(0);
    for (let i = 0; i < d; i++) covariance[i * d + i] = deviations[i]! ** 2;
    return new GaussianWeights(mean, covariance);
  }

  append(mean: number, deviation: number): number {
    const d = this.dimensions;
    const grown = new Float64Array((d + 1) ** 2);
    for (let i = 0; i < d; i++) grown.set(this.covariance.subarray(i * d, (i + 1) * d), i * (d + 1));
    grown[(d + 1) ** 2 - 1] = deviation * deviation;
    this.covariance = grown;
    this.mean = Float64Array.from([...this.mean, mean]);
    this.dimensions = d + 1;
    return d;
  }

  predict(indices: readonly number[], values: readonly number[]): Prediction {
    let mean = 0;
    let variance = 0;
    for (let a = 0; a < indices.length; a++) {
      const row = indices[a]! * this.dimensions;
      mean += values[a]! * this.mean[indices[a]!]!;
      for (let b = 0; b < indices.length; b++)
        variance += values[a]! * values[b]! * this.covariance[row + indices[b]!]!;
    }
    return { mean, variance: Math.max(0, variance) };
  }

  /** `noise`: variance of the observation itself, > 0. */
  update(indices: readonly number[], values: readonly number[], observed: number, noise: number): void {
    const d = this.dimensions;
    if (this.#gain.length < d) this.#gain = new Float64Array(2 * d);
    const gain = this.#gain;
    let predicted = 0;
    for (let i = 0; i < d; i++) {
      let sum = 0;
      for (let a = 0; a < indices.length; a++) sum += this.covariance[i * d + indices[a]!]! * values[a]!;
      gain[i] = sum;
    }
    let variance = noise;
    for (let a = 0; a < indices.length; a++) {
      predicted += values[a]! * this.mean[indices[a]!]!;
      variance += values[a]! * gain[indices[a]!]!;
    }
    const error = (observed - predicted) / variance;
    for (let i = 0; i < d; i++) {
      if (gain[i] === 0) continue;
      this.mean[i]! += gain[i]! * error;
      const scaled = gain[i]! / variance;
      for (let j = 0; j < d; j++) this.covariance[i * d + j]! -= scaled * gain[j]!;
    }
  }

  /** One draw of the weights. */
  sample(random: Random): Float64Array {
    const d = this.dimensions;
    if (scratch.normals.length < d)
      scratch = { root: new Float64Array(4 * d * d), normals: new Float64Array(2 * d) };
    const { root, normals } = scratch;
    cholesky(this.covariance, d, root);
    for (let i = 0; i < d; i++) normals[i] = random.normal();
    const drawn = new Float64Array(d);
    for (let i = 0; i < d; i++) {
      let sum = this.mean[i]!;
      for (let j = 0; j <= i; j++) sum += root[i * d + j]! * normals[j]!;
      drawn[i] = sum;
    }
    return drawn;
  }

  state(): GaussianState {
    return { mean: [...this.mean], covariance: [...this.covariance] };
  }
}

/** Of the last draw: they are many. */
let scratch = { root: new Float64Array(0), normals: new Float64Array(0) };

/** Writes the lower triangular root, row-major, and leaves what is above; directions without variance get none. */
function cholesky(matrix: Float64Array, d: number, root: Float64Array): void {
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * d + j]!;
      for (let k = 0; k < j; k++) sum -= root[i * d + k]! * root[j * d + k]!;
      if (i === j) root[i * d + i] = sum > 1e-12 ? Math.sqrt(sum) : 0;
      else root[i * d + j] = root[j * d + j]! > 0 ? sum / root[j * d + j]! : 0;
    }
  }
}
