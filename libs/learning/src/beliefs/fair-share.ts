/** Observations that the shares are taken over. */
const span = 32;

/**
 * Weights of observations that several reporters make of one thing, so that none counts for more than an equal share
 * of the newest ones: whoever floods a belief with reports gains no say over it.
 */
export class FairShare {
  #recent: string[] = [];
  /** Observations of each reporter among them. */
  readonly #counts = new Map<string, number>();

  /** Counts one observation of that reporter; its weight, in (0, 1]: 1 for whoever reports at most its share. */
  weigh(reporter: string): number {
    this.#recent.push(reporter);
    this.#count(reporter, 1);
    if (this.#recent.length > span) this.#count(this.#recent.shift()!, -1);
    return Math.min(1, this.#recent.length / this.#counts.size / this.#counts.get(reporter)!);
  }

  /** True when somebody else than that reporter is among the newest. */
  hasOthers(reporter: string): boolean {
    return this.#counts.size > (this.#counts.has(reporter) ? 1 : 0);
  }

  state(): string[] {
    return [...this.#recent];
  }

  restore(recent: readonly string[]): void {
    this.#recent = [...recent];
    this.#counts.clear();
    for (const reporter of recent) this.#count(reporter, 1);
  }

  #count(reporter: string, change: number): void {
    const count = (this.#counts.get(reporter) ?? 0) + change;
    if (count > 0) this.#counts.set(reporter, count);
    else this.#counts.delete(reporter);
  }
}
