import type { Counted } from './views.ts';

/** Blocks of up to 32 looks are compared: a subject that lasts longer counts as several. */
const mostLevels = 6;
/** Standard errors by which neighbours must be more alike than chance makes them. */
const beyondChance = 3;

/**
 * How alike consecutive looks of one device are, since frames of a video hardly differ; old looks count ever less. The more
 * alike neighbours are, the more the means of adjacent blocks of them differ beyond chance (Allan 1966); a drift, which is
 * slower, makes no difference. A picture that comes again at once is left out (see `PictureCount`).
 */
export class Likeness {
  #last = NaN;
  /** By level, the mean that waits for its neighbour. */
  readonly #waiting: (number | undefined)[] = [];
  /** Of differences between adjacent blocks, halves of squares: their number and sum by level. */
  readonly #differences = Array.from({ length: mostLevels }, () => ({ count: 0, sum: 0 }));
  #count = 0;
  #sum = 0;
  #squares = 0;

  add(margin: number): void {
    if (margin === this.#last) return;
    this.#last = margin;
    this.#count++;
    this.#sum += margin;
    this.#squares += margin * margin;
    let mean = margin;
    for (const [level, differences] of this.#differences.entries()) {
      const neighbour = this.#waiting[level];
      if (neighbour === undefined) {
        this.#waiting[level] = mean;
        return;
      }
      this.#waiting[level] = undefined;
      differences.count++;
      differences.sum += (neighbour - mean) ** 2 / 2;
      mean = (neighbour + mean) / 2;
    }
  }

  fade(kept: number): void {
    this.#count *= kept;
    this.#sum *= kept;
    this.#squares *= kept;
    for (const differences of this.#differences) {
      differences.count *= kept;
      differences.sum *= kept;
    }
  }

  /** `count`: looks that were no repetition of the one before. */
  static together<Told>(
    parts: Counted<Told>,
    likenessOf: (told: Told) => Likeness,
  ): { readonly count: number; readonly looksPerSubject: number } {
    const levels = Array.from({ length: mostLevels }, () => ({ count: 0, sum: 0 }));
    let [count, sum, squares] = [0, 0, 0];
    for (const [told, factor] of parts) {
      const likeness = likenessOf(told);
      count += factor * likeness.#count;
      sum += factor * likeness.#sum;
      squares += factor * likeness.#squares;
      for (let level = 0; level < mostLevels; level++) {
        levels[level]!.count += factor * likeness.#differences[level]!.count;
        levels[level]!.sum += factor * likeness.#differences[level]!.sum;
      }
    }
    return { count, looksPerSubject: looksPerSubject(levels, squares / count - (sum / count) ** 2) };
  }
}

/** How many looks tell as much as one at a subject of its own: at least 1; 1 while chance explains how alike neighbours are. */
function looksPerSubject(
  levels: readonly { readonly count: number; readonly sum: number }[],
  variance: number,
): number {
  if (!(variance > 0)) return 1;
  const ratios = levels.map(({ count, sum }, level) => {
    const ratio = (2 ** level * sum) / count / variance;
    return ratio > 1 + beyondChance * Math.sqrt(2 / count) ? ratio : 1;
  });
  return Math.max(1, ...ratios);
}
