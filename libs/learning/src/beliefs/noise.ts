/** JSON form of a `RelativeNoise`. */
export interface NoiseState {
  /** Inverse gamma distribution over the body's variance. */
  readonly shape: number;
  readonly scale: number;
  /** Observations, outliers above and outliers below among them, median |log ratio| of outliers. */
  readonly seen: number;
  readonly above: number;
  readonly below: number;
  readonly tailScale: number;
  /** Sums of products of neighbouring innovations, and of their squares. */
  readonly products: number;
  readonly squares: number;
}

/** How much the past weighs, in observations: a change of the noise shows after about as many. */
const memory = 400;
/** The first guess of the tails: as if this many observations had been seen, with such shares of outliers. */
const guessed = { seen: 100, above: 0.03, below: 0.005 };
/** Bounds of a tail's share: more outliers than the upper one are the body. */
const leastShare = 0.002;
const mostShare = 0.2;
/** First guess of an outlier's |log ratio|, its bounds, and how far one outlier moves it: "1.6 times as slow". */
const tail = { guess: 0.5, least: 0.1, most: 2, step: 0.02 };
/** Beyond this many standard deviations an innovation counts as that many: correlation is the body's matter. */
const clipped = 3;
/** The first guess of the correlation, 0, weighs as much as this many observations, and the past at most as this many. */
const uncorrelated = 300;
const correlationMemory = 2_000;
/** Most correlation that is believed: more of it is a change. */
const mostCorrelation = 0.6;

/**
 * Noise of a group of measurements, of z = log(observed / predicted): a normal body whose variance is learned (inverse
 * gamma; Bishop 2006, section 2.3.6) and a heavy tail on either side, density b / (b + |z|)², whose share and scale are
 * learned by expectation maximisation (Bishop 2006, section 9.2; online as in Cappé & Moulines 2009). Real times have
 * tails of schedulers, collectors and radios; in one normal distribution each of those looks like a change.
 */
export class RelativeNoise {
  shape = 2;
  scale: number;
  #seen = guessed.seen;
  #above = guessed.seen * guessed.above;
  #below = guessed.seen * guessed.below;
  #tailScale = tail.guess;
  #products = 0;
  #squares = uncorrelated;

  /** `deviation`: first guess of the body's, relative, e.g. 0.1; it counts as much as four observations. */
  constructor(deviation: number) {
    this.scale = 2 * deviation * deviation;
  }

  /** Variance of the body expected, relative to the mean's square. */
  get variance(): number {
    return Math.max(1e-6, this.scale / this.shape);
  }

  get deviation(): number {
    return Math.sqrt(this.variance);
  }

  /**
   * What one of many innovations tells in units of an independent one, (1 − ρ) / (1 + ρ) with their lag-one correlation
   * ρ, in (0, 1]. Source: effective sample size of an AR(1) process, Bayley & Hammersley 1946.
   */
  get independence(): number {
    const correlation = Math.min(mostCorrelation, Math.max(0, this.#products / this.#squares));
    return (1 - correlation) / (1 + correlation);
  }

  /** Share of outliers on the side of `z`, 0..1. */
  #tailShare(z: number): number {
    return Math.min(mostShare, Math.max(leastShare, (z > 0 ? this.#above : this.#below) / this.#seen));
  }

  /** Density of an outlier at z. */
  #tailDensity(z: number): number {
    return (this.#tailShare(z) * this.#tailScale) / (this.#tailScale + Math.abs(z)) ** 2;
  }

  /** Density of `z` when the body has that standard deviation, what the prediction lacks included. */
  density(z: number, deviation: number): number {
    return this.#bodyDensity(z, deviation) + this.#tailDensity(z);
  }

  #bodyDensity(z: number, deviation: number): number {
    const share = 1 - this.#tailShare(1) - this.#tailShare(-1);
    return (share * Math.exp(-((z / deviation) ** 2) / 2)) / (deviation * Math.sqrt(2 * Math.PI));
  }

  /** Probability that `z` is of the body rather than an outlier, 0..1. */
  bodyProbability(z: number, deviation: number): number {
    const body = this.#bodyDensity(z, deviation);
    return body / (body + this.#tailDensity(z));
  }

  /**
   * Learns from one innovation. `predictive`: variance of the prediction, relative, from not knowing the model;
   * `weight`: how much it counts, (0, 1]; `before`: the standardised innovation before it of the same block.
   */
  observe(z: number, predictive: number, weight: number, before: number | undefined): void {
    const noise = this.variance;
    const total = noise + predictive;
    const body = this.bodyProbability(z, Math.sqrt(total));
    // What the noise did is itself uncertain: the expected square of the noise given the innovation.
    const share = noise / total;
    const squared = share * share * Math.min(z * z, 36 * total) + noise * (1 - share);
    this.shape += (weight * body) / 2;
    this.scale += (weight * body * squared) / 2;
    this.#seen += weight;
    if (z > 0) this.#above += weight * (1 - body);
    else this.#below += weight * (1 - body);
    this.#tailScale *= Math.exp(tail.step * weight * (1 - body) * Math.sign(Math.abs(z) - this.#tailScale));
    this.#tailScale = Math.min(tail.most, Math.max(tail.least, this.#tailScale));
    if (before !== undefined) {
      const standard = clip(z / Math.sqrt(total));
      this.#products += weight * standard * clip(before);
      this.#squares += (weight * (standard ** 2 + clip(before) ** 2)) / 2;
    }
    this.#forget();
  }

  /** Takes back an outlier that has turned out to be a change. `evidence`: as it was observed, (0, 1]. */
  retract(z: number, deviation: number, evidence = 1): void {
    if (evidence === 1) {
      const square = clip(z / deviation) ** 2;
      this.#products -= square;
      this.#squares = Math.max(uncorrelated, this.#squares - square);
    }
    const outlier = evidence * (1 - this.bodyProbability(z, deviation));
    const { seen, above, below } = guessed;
    if (z > 0) this.#above = Math.max(seen * above * 0.1, this.#above - outlier);
    else this.#below = Math.max(seen * below * 0.1, this.#below - outlier);
  }

  state(): NoiseState {
    return {
      shape: this.shape,
      scale: this.scale,
      seen: this.#seen,
      above: this.#above,
      below: this.#below,
      tailScale: this.#tailScale,
      products: this.#products,
      squares: this.#squares,
    };
  }

  restore({ shape, scale, seen, above, below, tailScale, products, squares }: NoiseState): void {
    [this.shape, this.scale, this.#seen, this.#above] = [shape, scale, seen, above];
    [this.#below, this.#tailScale, this.#products, this.#squares] = [below, tailScale, products, squares];
  }

  #forget(): void {
    if (this.shape > memory / 2) {
      const keep = memory / 2 / this.shape;
      this.shape *= keep;
      this.scale *= keep;
    }
    if (this.#seen > memory) {
      const keep = memory / this.#seen;
      this.#seen *= keep;
      this.#above *= keep;
      this.#below *= keep;
    }
    if (this.#squares > correlationMemory) {
      const keep = correlationMemory / this.#squares;
      this.#products *= keep;
      this.#squares *= keep;
    }
  }
}

const clip = (standard: number) => Math.min(clipped, Math.max(-clipped, standard));
