import type { Counted } from './views.ts';

/** Against those that follow, values weigh less; or as if there had been fewer of them, whatever follows. */
export type Fading = 'older' | 'fewer';

/** Pictures that are told apart at least, and up to `forgetAfter` more; those before them have faded. */
const mostPictures = 4_096;
/** Weights are scaled anew before they become too small for a number. */
const leastScale = 1e-150;

/** What weighs less has faded. */
const leastWeight = 1 / 16;
/**
 * So many looks, or pictures, at a time are forgotten: a Map reaches its oldest key by stepping over each one deleted since it was
 * last rehashed, which for each look would cost more than everything else.
 */
const forgetAfter = 64;

/**
 * One device's looks at pictures, by picture, old ones counting ever less. A picture that comes again is told by its margin: the
 * same to the last digit for one variant, and for hardly any two of 6,000 scenes.
 */
export class PictureCount {
  /** By margin, in the order in which they last came: weight over `#scale`. */
  readonly #weights = new Map<number, number>();
  #scale = 1;
  #weight = 0;
  #squares = 0;
  #untilForgotten = forgetAfter;

  add(margin: number, weight = 1): void {
    const before = this.weightOf(margin);
    this.#weight += weight;
    this.#squares += weight * (2 * before + weight);
    this.#weights.delete(margin);
    this.#weights.set(margin, (before + weight) / this.#scale);
    if (--this.#untilForgotten === 0) this.#forget();
  }

  fade(kept: number, as: Fading): void {
    this.#weight *= kept;
    this.#squares *= as === 'older' ? kept * kept : kept;
    this.#scale *= kept;
    if (this.#scale < leastScale) this.#rescale();
  }

  get weight(): number {
    return this.#weight;
  }

  /** Sum of the squared weights of pictures. */
  get squares(): number {
    return this.#squares;
  }

  /** 0: it has not come, or is told apart no more. */
  weightOf(margin: number): number {
    return (this.#weights.get(margin) ?? 0) * this.#scale;
  }

  #forget(): void {
    this.#untilForgotten = forgetAfter;
    for (const [oldest, scaled] of this.#weights) {
      if (this.#weights.size <= mostPictures && scaled * this.#scale >= leastWeight) break;
      this.#weights.delete(oldest);
    }
  }

  #rescale(): void {
    for (const [margin, weight] of this.#weights) this.#weights.set(margin, weight * this.#scale);
    this.#scale = 1;
  }
}

/** Pictures that more than one device has looked at. */
export class SharedPictures {
  /** Who looked last. */
  readonly #last = new Map<number, PictureCount>();
  readonly #shared = new Map<number, Set<PictureCount>>();

  /** To be told of each look. */
  add(margin: number, pictures: PictureCount): void {
    const last = this.#last.get(margin);
    if (last && last !== pictures)
      remember(this.#shared, margin, (this.#shared.get(margin) ?? new Set([last])).add(pictures));
    remember(this.#last, margin, pictures);
  }

  /**
   * How many looks at different pictures would tell as much as those taken by several devices (Kish's effective size, by
   * picture).
   */
  count<Told>(parts: Counted<Told>, picturesOf: (told: Told) => PictureCount): number {
    let [weight, squares] = [0, 0];
    for (const [told, factor] of parts) {
      const pictures = picturesOf(told);
      weight += factor * pictures.weight;
      squares += factor * factor * pictures.squares;
    }
    if (this.#shared.size > 0) {
      const factorOf = new Map(parts.map(([told, factor]) => [picturesOf(told), factor]));
      for (const [margin, holders] of this.#shared) {
        let [together, apart] = [0, 0];
        for (const pictures of holders) {
          const share = (factorOf.get(pictures) ?? 0) * pictures.weightOf(margin);
          together += share;
          apart += share * share;
        }
        squares += together * together - apart;
      }
    }
    return squares > 0 ? (weight * weight) / squares : 0;
  }
}

function remember<Value>(map: Map<number, Value>, margin: number, value: Value): void {
  map.delete(margin);
  map.set(margin, value);
  if (map.size < mostPictures + forgetAfter) return;
  for (const oldest of map.keys()) {
    if (map.size <= mostPictures) break;
    map.delete(oldest);
  }
}
