import type { agent } from '@weir/proto';
import { tierName } from '@weir/wire';

/** Where some looks ran; shares of their number, 0..1, the largest first. */
export type Placements = readonly {
  readonly tier: string;
  readonly variant: string;
  readonly share: number;
}[];

/** First and second looks of a run, as `--json` prints them; null: no frame to speak of. */
export interface LooksTotals {
  readonly first: Placements;
  /** Of those second looks that answered. */
  readonly second: Placements;
  /** Share of the answered frames that a second look answered, 0..1. */
  readonly escalationShare: number | null;
  /** Share of them where both looks said the same, 0..1. */
  readonly agreed: number | null;
  /** Frames whose first look was unsure and whose answer it is all the same: the second failed, or had no time or place. */
  readonly failed: number;
  /**
   * Mean over all answered frames of what the second look that was meant was expected to save, ms: cost of the best action
   * without one, less that of what was chosen, by the agent's own rule (which prices accuracy and congestion too).
   */
  readonly savedMs: number | null;
}

/** Adds up looks, in constant memory. */
export class LooksTally {
  readonly #first = new PlacementCount();
  readonly #second = new PlacementCount();
  #agreed = 0;
  #failed = 0;
  #savedMs = 0;

  answered({ looks, decision }: agent.InferResponse): void {
    const [first, ...again] = looks;
    if (!first) return;
    this.#savedMs += decision?.savedMs ?? 0;
    this.#first.add(first.placement);
    const last = again.at(-1);
    if (!last) return;
    if (last.failure !== '') {
      this.#failed++;
      return;
    }
    this.#second.add(last.placement);
    if (last.classification?.classIndex === first.classification?.classIndex) this.#agreed++;
  }

  totals(): LooksTotals {
    const [frames, twice] = [this.#first.total, this.#second.total];
    return {
      first: this.#first.placements(),
      second: this.#second.placements(),
      escalationShare: frames > 0 ? twice / frames : null,
      agreed: twice > 0 ? this.#agreed / twice : null,
      failed: this.#failed,
      savedMs: frames > 0 ? this.#savedMs / frames : null,
    };
  }
}

/** Counts by tier and variant. */
export class PlacementCount {
  readonly #counts = new Map<string, { tier: string; variant: string; count: number }>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  add(placement: agent.InferResponse['placement']): void {
    const [tier, variant] = [tierName(placement?.tier), placement?.variant ?? ''];
    const key = `${tier} ${variant}`;
    const known = this.#counts.get(key) ?? { tier, variant, count: 0 };
    known.count++;
    this.#counts.set(key, known);
    this.#total++;
  }

  placements(): Placements {
    return [...this.#counts.values()]
      .sort((a, b) => b.count - a.count)
      .map(({ tier, variant, count }) => ({ tier, variant, share: count / this.#total }));
  }
}
