import { ChangeDetector, type ChangeState } from './change-detector.ts';
import { type GaussianState, GaussianWeights } from './gaussian.ts';
import type { RelativeNoise } from './noise.ts';
import type { BlockPrior } from './prior.ts';

/** JSON form of a `CostBlock`. */
export interface CostBlockState {
  readonly weights: GaussianState;
  readonly change: ChangeState;
  readonly observations: number;
  readonly priorMs: number;
}

/** First observations may correct the prior's scale by at most this factor. */
const widestCorrection = 50;
/** After a change: how far the block as a whole, and each weight by itself, may have moved, relative to its mean. */
const commonShift = 1;
const ownShift = 0.15;

/** One block of a cost model (a device, a node, a link): weights, and a detector of changes that renews only them. */
export class CostBlock {
  readonly weights: GaussianWeights;
  readonly change = new ChangeDetector();
  observations = 0;
  /** Size of the costs that the prior was made for, ms. */
  priorMs: number;

  /** The prior: independent deviations, and a common factor that is as uncertain as it is large. */
  constructor(means: readonly number[], deviations: readonly number[], priorMs: number) {
    this.priorMs = priorMs;
    this.weights = GaussianWeights.diagonal(
      means.map((mean) => mean * priorMs),
      deviations.map((deviation) => deviation * priorMs),
    );
    this.#shake(1, 0);
  }

  /** A block that knows from others what to expect: its first observation must not overrule the scale. */
  static expecting({ mean, covariance, priorMs }: BlockPrior): CostBlock {
    const block = new CostBlock([], [], priorMs);
    block.#fill({ mean, covariance });
    block.observations = 1;
    return block;
  }

  append(deviation: number): number {
    return this.weights.append(0, deviation * this.priorMs);
  }

  /** Learns one observation in ms; `extraNoise`: relative variance on top of the learned noise. True on a change. */
  observe(
    indices: readonly number[],
    values: readonly number[],
    observedMs: number,
    noise: RelativeNoise,
    extraNoise = 0,
  ): boolean {
    let { mean, variance } = this.weights.predict(indices, values);
    if (this.observations === 0 && mean > 0 && observedMs > 0) {
      this.#rescale(Math.min(widestCorrection, Math.max(1 / widestCorrection, observedMs / mean)));
      ({ mean, variance } = this.weights.predict(indices, values));
    }
    const size = Math.max(mean, observedMs / 4, 1e-3);
    const noiseVariance = (noise.variance + extraNoise) * size * size;
    const error = observedMs - mean;
    const changed = this.observations > 0 && this.change.observe(error / Math.sqrt(variance + noiseVariance));
    if (changed) this.#shake(commonShift, ownShift);
    else noise.observe(error, size, variance + extraNoise * size * size);
    this.weights.update(indices, values, observedMs, noiseVariance);
    this.observations++;
    return changed;
  }

  state(): CostBlockState {
    const { priorMs, observations } = this;
    return { weights: this.weights.state(), change: this.change.state(), observations, priorMs };
  }

  static restore({ weights, change, observations, priorMs }: CostBlockState): CostBlock {
    const block = new CostBlock([], [], priorMs);
    block.#fill(weights);
    block.change.up = change.up;
    block.change.down = change.down;
    block.observations = observations;
    return block;
  }

  #fill({ mean, covariance }: GaussianState): void {
    this.weights.dimensions = mean.length;
    this.weights.mean = Float64Array.from(mean);
    this.weights.covariance = Float64Array.from(covariance);
  }

  #rescale(factor: number): void {
    const { mean, covariance } = this.weights;
    for (let i = 0; i < mean.length; i++) mean[i]! *= factor;
    for (let i = 0; i < covariance.length; i++) covariance[i]! *= factor * factor;
    this.priorMs *= factor;
  }

  #shake(common: number, own: number): void {
    const { mean, covariance, dimensions: d } = this.weights;
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < d; j++) covariance[i * d + j]! += common * common * mean[i]! * mean[j]!;
      covariance[i * d + i]! += (own * mean[i]!) ** 2;
    }
  }
}
