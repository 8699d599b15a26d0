import type { Counted } from './views.ts';

/** A mean in which old values weigh ever less. */
export class FadingMean {
  #weight = 0;
  #sum = 0;

  add(value: number, weight = 1): void {
    this.#weight += weight;
    this.#sum += weight * value;
  }

  fade(kept: number): void {
    this.#weight *= kept;
    this.#sum *= kept;
  }

  get weight(): number {
    return this.#weight;
  }

  /** Of the values, each times its weight. */
  get sum(): number {
    return this.#sum;
  }
}

/** The mean of several together; 0 without any. */
export function meanOf<Told>(parts: Counted<Told>, meanBy: (told: Told) => FadingMean): number {
  let [weight, sum] = [0, 0];
  for (const [told, factor] of parts) {
    const mean = meanBy(told);
    weight += factor * mean.weight;
    sum += factor * mean.sum;
  }
  return weight > 0 ? sum / weight : 0;
}
