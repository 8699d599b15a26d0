/** Against those that follow, values weigh less; or as if there had been fewer of them, whatever follows. */
export type Fading = 'older' | 'fewer';

/** Pictures that are told apart; those before them have faded. */
const mostPictures = 4_096;
/** Weights are scaled anew before they become too small for a number. */
const leastScale = 1e-150;

/**
 * How many looks at different pictures would tell as much as those taken (Kish's effective size, by picture), old ones counting
 * ever less. A picture that comes again is told by its margin: the same to the last digit for one variant, and for hardly any
 * two of 6,000 scenes.
 */
export class PictureCount {
  /** By margin, in the order in which they last came: weight over `#scale`. */
  readonly #weights = new Map<number, number>();
  #scale = 1;
  #weight = 0;
  #squares = 0;

  add(margin: number, weight = 1): void {
    const before = (this.#weights.get(margin) ?? 0) * this.#scale;
    this.#weight += weight;
    this.#squares += weight * (2 * before + weight);
    this.#weights.delete(margin);
    this.#weights.set(margin, (before + weight) / this.#scale);
    if (this.#weights.size > mostPictures) this.#weights.delete(this.#weights.keys().next().value!);
  }

  fade(kept: number, as: Fading): void {
    this.#weight *= kept;
    this.#squares *= as === 'older' ? kept * kept : kept;
    this.#scale *= kept;
    if (this.#scale < leastScale) this.#rescale();
  }

  get count(): number {
    return this.#squares > 0 ? (this.#weight * this.#weight) / this.#squares : 0;
  }

  #rescale(): void {
    for (const [margin, weight] of this.#weights) this.#weights.set(margin, weight * this.#scale);
    this.#scale = 1;
  }
}
