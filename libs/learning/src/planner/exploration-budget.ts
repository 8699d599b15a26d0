export interface BudgetOptions {
  /** Most credit kept, and credit at the start, in costs of one plan. */
  readonly creditCap: number;
}

export interface BudgetState {
  readonly plans: number;
  readonly explorations: number;
  readonly explorationCost: number;
  readonly totalCost: number;
  /** In costs of one plan. */
  readonly credit: number;
}

/**
 * What explorations may still cost: each plan earns a little credit, each exploration spends the excess that is expected
 * of it. Source: Wu et al. 2016, "Conservative Bandits".
 */
export class ExplorationBudget {
  readonly #options: BudgetOptions;
  #state: BudgetState;

  constructor(options: BudgetOptions) {
    this.#options = options;
    this.#state = { plans: 0, explorations: 0, explorationCost: 0, totalCost: 0, credit: options.creditCap };
  }

  get plans(): number {
    return this.#state.plans;
  }

  get explorations(): number {
    return this.#state.explorations;
  }

  /** What the next plan may cost, with what it earns itself. */
  creditWith(earnedShare: number): number {
    return Math.min(this.#options.creditCap, this.#state.credit + earnedShare);
  }

  /** Of all costs, 0..1. */
  get spentShare(): number {
    const { explorationCost, totalCost } = this.#state;
    return totalCost > 0 ? explorationCost / totalCost : 0;
  }

  /**
   * Counts one plan of that expected cost, which earns a share of it. True when the exploration that it could be is paid
   * for: `excess` is what that is expected to cost more, as a share of `cost`; undefined: there is nothing to explore.
   */
  plan(cost: number, { earnedShare, excess }: { earnedShare: number; excess: number | undefined }): boolean {
    const before = this.#state;
    const credit = this.creditWith(earnedShare);
    const explored = excess !== undefined && excess <= credit;
    const spent = explored ? excess : 0;
    this.#state = {
      plans: before.plans + 1,
      explorations: before.explorations + (explored ? 1 : 0),
      explorationCost: before.explorationCost + spent * cost,
      totalCost: before.totalCost + cost * (1 + spent),
      credit: credit - spent,
    };
    return explored;
  }

  state(): BudgetState {
    return this.#state;
  }

  restore({ plans, explorations, explorationCost, totalCost, credit }: BudgetState): void {
    this.#state = { plans, explorations, explorationCost, totalCost, credit };
  }
}
