/** Observations that the shares are taken over. */
const span = 32;

/**
 * Weights of observations that several reporters make of one thing, so that none counts for more than an equal share
 * of the newest ones: whoever floods a belief with reports gains no say over it.
 */
export class FairShare {
  #recent: string[] = [];

  /** Counts one observation of that reporter; its weight, in (0, 1]: 1 for whoever reports at most its share. */
  weigh(reporter: string): number {
    this.#recent.push(reporter);
    if (this.#recent.length > span) this.#recent.shift();
    const own = this.#recent.reduce((count, each) => count + (each === reporter ? 1 : 0), 0);
    return Math.min(1, this.#recent.length / new Set(this.#recent).size / own);
  }

  /** True when somebody else than that reporter is among the newest. */
  hasOthers(reporter: string): boolean {
    return this.#recent.some((each) => each !== reporter);
  }

  state(): string[] {
    return [...this.#recent];
  }

  restore(recent: readonly string[]): void {
    this.#recent = [...recent];
  }
}
