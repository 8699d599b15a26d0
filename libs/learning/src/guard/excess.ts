import { FadingMean } from './fading-mean.ts';
import { type Fading, PictureCount, type SharedPictures } from './picture-count.ts';
import type { Counted } from './views.ts';

/** Whether another look at a picture said something else. */
export interface Change {
  /** Of the first look. */
  readonly margin: number;
  readonly changed: boolean;
  /** Probability of it, as the curve says. */
  readonly expected: number;
  /** @default 1 */
  readonly weight?: number;
}

export interface Estimate {
  readonly mean: number;
  /** Of the mean, were the curve right. */
  readonly variance: number;
}

/** Changes beyond the expected ones, of the answers that would have agreed. */
export interface ExcessChanges extends Estimate {
  /** Looks that it is known from, each at a subject of its own. */
  readonly count: number;
  /** The same; undefined where too few changes are expected for a mean to be normal. */
  readonly estimate: Estimate | undefined;
  /** How far it is above nothing, in standard errors. */
  readonly deviation: number;
}

/** Changes expected, less those expected of certain ones, from which a mean is taken to be normal. */
const leastChance = 5;

/** Changes beyond the expected ones, as one device tells them. */
export class Excess {
  readonly pictures = new PictureCount();
  readonly excess = new FadingMean();
  readonly expected = new FadingMean();
  readonly chance = new FadingMean();

  add({ margin, changed, expected, weight = 1 }: Change): void {
    this.pictures.add(margin, weight);
    this.excess.add(Number(changed) - expected, weight);
    this.expected.add(expected, weight);
    this.chance.add(expected * (1 - expected), weight);
  }

  fade(kept: number, as: Fading): void {
    this.pictures.fade(kept, as);
    this.excess.fade(kept);
    this.expected.fade(kept);
    this.chance.fade(kept);
  }
}

export interface ExcessOptions {
  /** That the curve was measured on there. */
  readonly pictures: number;
  /** That tell as much as one. */
  readonly looksPerSubject: number;
}

/** What several devices tell. */
export function excessOf<Told>(
  parts: Counted<Told>,
  by: (told: Told) => Excess,
  shared: SharedPictures,
  { pictures, looksPerSubject }: ExcessOptions,
): ExcessChanges {
  const count = shared.count(parts, (told) => by(told).pictures) / looksPerSubject;
  const sum = { weight: 0, excess: 0, expected: 0, chance: 0 };
  for (const [told, factor] of parts) {
    const each = by(told);
    sum.weight += factor * each.excess.weight;
    sum.excess += factor * each.excess.sum;
    sum.expected += factor * each.expected.sum;
    sum.chance += factor * each.chance.sum;
  }
  const mean = (of: number) => (sum.weight > 0 ? of / sum.weight : 0);
  const [excess, expected, chance] = [mean(sum.excess), mean(sum.expected), mean(sum.chance)];
  const unchanged = 1 - expected;
  const lost = excess / unchanged;
  const variance = chance > 0 ? (chance * (1 / count + 1 / pictures)) / unchanged ** 2 : Infinity;
  if (count * chance >= leastChance && pictures > 0)
    return {
      count,
      mean: lost,
      variance,
      estimate: { mean: lost, variance },
      deviation: inErrors(lost, variance),
    };
  // The square root of a count of rare changes is nearly normal (Anscombe 1948).
  const due = count * expected;
  const seen = due + count * excess;
  const deviation = 2 * (Math.sqrt(seen + 3 / 8) - Math.sqrt(due + 3 / 8));
  return { count, mean: lost, variance, estimate: undefined, deviation };
}

export const inErrors = (mean: number, variance: number): number =>
  variance > 0 ? mean / Math.sqrt(variance) : 0;
