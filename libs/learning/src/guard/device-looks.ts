import { Excess } from './excess.ts';
import { FadingMean } from './fading-mean.ts';
import { Likeness } from './likeness.ts';
import { type Fading, PictureCount } from './picture-count.ts';

/** How often evidence has halved, as it has become older and as there is less of it. */
export type Halvings = Readonly<Record<Fading, number>>;

/** What one device's first looks by one variant tell. */
export class DeviceLooks {
  readonly pictures = new PictureCount();
  readonly likeness = new Likeness();
  readonly gain = new FadingMean();
  readonly due = new FadingMean();
  readonly below = new Excess();
  readonly standing = new Excess();
  /** Probabilities of the audits. */
  readonly drawn = new FadingMean();
  readonly #been: Record<Fading, number>;

  /** `halvings`: so far. */
  constructor(halvings: Halvings) {
    this.#been = { ...halvings };
  }

  /** `gain`: of a second look, as the curve says; `due`: there is one. */
  first(margin: number, { gain, due }: { readonly gain: number; readonly due: boolean }): void {
    this.pictures.add(margin);
    this.likeness.add(margin);
    this.gain.add(gain);
    this.due.add(Number(due));
  }

  /** Fades as far as all evidence has by now. */
  bring(halvings: Halvings): void {
    this.fade(halvings.older - this.#been.older, 'older');
    this.fade(halvings.fewer - this.#been.fewer, 'fewer');
    this.#been.older = halvings.older;
    this.#been.fewer = halvings.fewer;
  }

  fade(halvings: number, as: Fading): void {
    if (halvings === 0) return;
    const kept = 2 ** -halvings;
    if (as === 'older') this.likeness.fade(kept);
    this.pictures.fade(kept, as);
    this.below.fade(kept, as);
    this.standing.fade(kept, as);
    this.gain.fade(kept);
    this.due.fade(kept);
    this.drawn.fade(kept);
  }
}
