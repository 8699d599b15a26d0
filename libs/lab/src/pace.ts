import type { Scenario } from './scenario.ts';

/** How long the rest takes, by how long the work done so far took. */
export class Pace {
  readonly #startedAt = performance.now();
  readonly #total: number;
  #done = 0;

  constructor(scenarios: readonly Scenario[]) {
    this.#total = scenarios.reduce((sum, scenario) => sum + workOf(scenario), 0);
  }

  finished(scenario: Scenario): void {
    this.#done += workOf(scenario);
  }

  remaining(): string {
    const left = ((performance.now() - this.#startedAt) / this.#done) * (this.#total - this.#done);
    return left < 1 ? '' : `, about ${Math.ceil(left / 60_000)} min left`;
  }
}

/** Roughly in seconds; only the proportions matter. */
function workOf({ epochs, arrivals, adaptation, transfer, curves, learners }: Scenario): number {
  if (epochs) return 0.6 * (learners.length * epochs.learning + (learners.length + 1) * epochs.measured);
  if (arrivals)
    return (
      arrivals.learningSeconds +
      (learners.length + 1) * arrivals.blocks * (arrivals.warmupSeconds + arrivals.seconds + 2)
    );
  if (adaptation) return 30 + 0.6 * learners.length * adaptation.epochs;
  if (transfer) return 0.6 * 3 * transfer.epochs;
  return 0.5 * learners.length * curves!.epochs;
}
