/** JSON form of a `RelativeNoise`. */
export interface NoiseState {
  readonly shape: number;
  readonly scale: number;
}

/** How much the past weighs, in observations: a change of the noise shows after about as many. */
const memory = 400;

/**
 * Noise of a group of measurements relative to their mean, learned: an inverse gamma distribution over its square,
 * with slow forgetting. A fixed noise fails as soon as the world is noisier than assumed: every outcome then looks
 * like a change. Source: Bishop 2006, section 2.3.6.
 */
export class RelativeNoise {
  shape: number;
  scale: number;

  /** `deviation`: first guess, relative, e.g. 0.1; it counts as much as four observations. */
  constructor(deviation: number) {
    this.shape = 2;
    this.scale = 2 * deviation * deviation;
  }

  /** Relative variance expected. */
  get variance(): number {
    return Math.max(1e-6, this.scale / this.shape);
  }

  get deviation(): number {
    return Math.sqrt(this.variance);
  }

  /**
   * `error`: observed − predicted; `predicted` > 0; `parameterVariance`: the part of the expected squared error that
   * comes from not knowing the model. Errors above six deviations are cut: those are changes, not noise.
   */
  observe(error: number, predicted: number, parameterVariance: number): void {
    const noise = this.variance * predicted * predicted;
    const total = noise + parameterVariance;
    const squared = Math.min(error * error, 36 * total);
    // What the noise did is itself uncertain: the expected square of the noise given the error.
    const share = noise / total;
    const expected = share * share * squared + noise * (1 - share);
    this.shape += 0.5;
    this.scale += expected / (predicted * predicted) / 2;
    if (this.shape > memory / 2) {
      const keep = memory / 2 / this.shape;
      this.shape *= keep;
      this.scale *= keep;
    }
  }

  state(): NoiseState {
    return { shape: this.shape, scale: this.scale };
  }
}
