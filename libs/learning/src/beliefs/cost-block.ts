import { ChangeDetector, type ChangeState } from './change-detector.ts';
import { FairShare } from './fair-share.ts';
import { type GaussianState, GaussianWeights } from './gaussian.ts';
import type { RelativeNoise } from './noise.ts';
import type { BlockPrior } from './prior.ts';

/** JSON form of a `CostBlock`. */
export interface CostBlockState {
  readonly weights: GaussianState;
  /** Names of the residuals, in the order of the weights behind the linear ones. */
  readonly residuals: readonly string[];
  readonly change: ChangeState;
  readonly reporters: readonly string[];
  readonly observations: number;
  /** Observations since the last change. */
  readonly settled: number;
  readonly priorMs: number;
}

/** One measured time. */
export interface Measurement {
  readonly indices: readonly number[];
  readonly values: readonly number[];
  readonly observedMs: number;
  /** What is known to be part of the time beside the weights' part, ms: noise is relative to the whole. @default 0 */
  readonly knownMs?: number;
  readonly noise: RelativeNoise;
  /** How much it may teach of the noise that all blocks of its kind share, (0, 1]. */
  readonly noiseWeight: number;
  /** Relative variance on top of the learned noise. @default 0 */
  readonly extraNoise?: number;
  /** How much of an independent measurement it is, (0, 1]: one over how many report the same one. @default 1 */
  readonly evidence?: number;
  /** Which of several devices says so; missing: the block's only witness. */
  readonly reporter?: string;
}

/** First observations may correct the prior's scale by at most this factor. */
const widestCorrection = 50;
/** Observations and predictions further apart than this factor count as this far apart. */
const widestRatio = Math.log(1e4);
/** After a change: how far the block as a whole, and each weight by itself, may have moved, relative to its mean. */
const commonShift = 1;
const ownShift = 0.15;
/** Observations before a change can be told from a start that was an outlier. */
const youth = 8;
/**
 * Most observations that a prediction can be as sure as: with forgetting, a step too small for an alarm is followed
 * after about as many. Source: steady state of a Kalman filter with random-walk weights, West & Harrison 1997, chapter 6.
 */
const effectiveMemory = 200;
/** Shorter times count as this long, ms: their logarithm has no meaning. */
const leastMs = 1e-3;
/** Least weight of an outlier, so that its variance stays finite. */
const leastWeight = 1e-6;

/** One block of a cost model (a device, a node, a link): weights, and a detector of changes that renews only them. */
export class CostBlock {
  readonly weights: GaussianWeights;
  /** Where the residual of a name is among the weights. */
  readonly residuals = new Map<string, number>();
  readonly #change = new ChangeDetector();
  readonly #reporters = new FairShare();
  observations = 0;
  #settled = 0;
  /** Size of the costs that the prior was made for, ms. */
  priorMs: number;

  /** The prior: independent deviations, and a common factor that is as uncertain as it is large; relative to `priorMs`. */
  constructor(means: readonly number[], deviations: readonly number[], priorMs: number) {
    this.priorMs = priorMs;
    this.weights = GaussianWeights.diagonal(
      means.map((mean) => mean * priorMs),
      deviations.map((deviation) => deviation * priorMs),
    );
    this.#inflate(1, 0);
  }

  /** A block that knows from others what to expect: its first observation must not overrule the scale. */
  static expecting({ mean, covariance, priorMs }: BlockPrior): CostBlock {
    const block = new CostBlock([], [], priorMs);
    block.#fill({ mean, covariance });
    block.observations = 1;
    return block;
  }

  /** True while the newest measurement departs and nobody knows yet whether it is an outlier. */
  get suspectsChange(): boolean {
    return this.#change.suspects;
  }

  /** The residual of that name; when it is new, with that deviation and mean relative to the prior's size. */
  residual(name: string, deviation: number, mean = 0): number {
    let index = this.residuals.get(name);
    if (index === undefined) {
      index = this.weights.append(mean * this.priorMs, deviation * this.priorMs);
      this.residuals.set(name, index);
    }
    return index;
  }

  /** Learns one observation. True on a change. */
  observe(measurement: Measurement): boolean {
    const {
      indices,
      values,
      observedMs,
      knownMs = 0,
      noise,
      noiseWeight,
      extraNoise = 0,
      evidence = 1,
      reporter,
    } = measurement;
    let { mean, variance } = this.weights.predict(indices, values);
    if (this.observations === 0 && mean > 0 && observedMs > 0) {
      this.#rescale(Math.min(widestCorrection, Math.max(1 / widestCorrection, observedMs / mean)));
      ({ mean, variance } = this.weights.predict(indices, values));
    }
    const size = Math.max(knownMs + mean, leastMs);
    const ratio = Math.log(Math.max(knownMs + observedMs, leastMs) / size);
    const z = Math.min(widestRatio, Math.max(-widestRatio, ratio));
    const predictive = variance / (size * size);
    const deviation = Math.sqrt(noise.variance + extraNoise + predictive);
    // What others repeat tells nothing of how one measurement follows from another.
    const before = evidence < 1 ? undefined : this.#change.last;
    const share = reporter === undefined ? 1 : this.#reporters.weigh(reporter);
    const othersReport = reporter !== undefined && this.#reporters.hasOthers(reporter);
    const change =
      this.observations > 0
        ? this.#change.observe({ z, deviation, reporter: reporter ?? '', evidence, noise, othersReport })
        : undefined;
    if (change) {
      this.#inflate(commonShift, ownShift);
      for (const { z, deviation, evidence } of change) noise.retract(z, deviation, evidence);
    }
    const weight = evidence * (change ? 1 : share * noise.bodyProbability(z, deviation));
    if (!change) noise.observe(z, predictive + extraNoise, evidence * noiseWeight * share, before);
    // A time far above a prediction that knew little has the larger noise.
    const observedSize = Math.max(size, Math.min(knownMs + observedMs, 50 * size) / 4);
    const observedVariance =
      ((noise.variance + extraNoise) * observedSize ** 2) / Math.max(leastWeight, weight);
    this.weights.update(indices, values, observedMs, observedVariance);
    this.#forget(indices, values, noise.variance * size * size);
    this.observations++;
    const counts = change !== undefined && this.#settled >= youth;
    this.#settled = change ? 0 : this.#settled + 1;
    return counts;
  }

  state(): CostBlockState {
    const { priorMs, observations } = this;
    return {
      weights: this.weights.state(),
      residuals: [...this.residuals].sort(([, a], [, b]) => a - b).map(([name]) => name),
      change: this.#change.state(),
      reporters: this.#reporters.state(),
      observations,
      settled: this.#settled,
      priorMs,
    };
  }

  static restore(state: CostBlockState): CostBlock {
    const block = new CostBlock([], [], state.priorMs);
    block.#fill(state.weights);
    const linear = state.weights.mean.length - state.residuals.length;
    state.residuals.forEach((name, at) => block.residuals.set(name, linear + at));
    block.#change.restore(state.change);
    block.#reporters.restore(state.reporters);
    block.observations = state.observations;
    block.#settled = state.settled;
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

  /** Keeps this prediction from being surer than `effectiveMemory` observations make it, by a common factor. */
  #forget(indices: readonly number[], values: readonly number[], noiseVariance: number): void {
    const { mean, variance } = this.weights.predict(indices, values);
    const least = noiseVariance / effectiveMemory;
    // Not at every observation: inflating touches the whole covariance.
    if (variance < 0.9 * least && mean !== 0) this.#inflate(Math.sqrt(least - variance) / Math.abs(mean), 0);
  }

  /** Adds variance: of a factor common to all weights, and of each weight by itself, relative to the means. */
  #inflate(common: number, own: number): void {
    const { mean, covariance, dimensions: d } = this.weights;
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < d; j++) covariance[i * d + j]! += common * common * mean[i]! * mean[j]!;
      covariance[i * d + i]! += (own * mean[i]!) ** 2;
    }
  }
}
