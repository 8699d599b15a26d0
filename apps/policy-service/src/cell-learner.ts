import { FailedPrecondition, type Logger } from '@weir/base';
import type { CellObservation, Learner, Outcome, Plan } from '@weir/policy';
import { attainableObservation } from './attainable.ts';

export interface CellLearnerOptions {
  readonly learner: Learner;
  readonly logger: Logger;
  /** The cell as it is, with or without devices. */
  readonly observation: () => CellObservation;
  /** The learner has noticed that the cell is not what it was. */
  readonly onDrift: () => void;
}

/** The learner of a cell: told of its devices before it learns from them; what it cannot learn ends nothing. */
export class CellLearner {
  readonly #options: CellLearnerOptions;
  #current: Learner;
  /** A device has joined that the learner has not been told of. */
  #unobserved = false;

  constructor(options: CellLearnerOptions) {
    this.#options = options;
    this.#current = options.learner;
  }

  get current(): Learner {
    return this.#current;
  }

  replace(learner: Learner): void {
    this.#current = learner;
    this.observe();
  }

  /** A device has joined: the learner is told of it before it next plans or learns. */
  joined(): void {
    this.#unobserved = true;
  }

  /** Tells the learner of the cell as it is. */
  observe(): void {
    this.#unobserved = false;
    const observation = this.#options.observation();
    if (observation.devices.length > 0) this.#current.observe(observation);
  }

  learn(outcomes: readonly Outcome[]): void {
    // A learner makes nothing of devices that it does not know: outcomes may be here before the first plan.
    if (this.#unobserved) this.observe();
    const alarms = this.#current.status().driftAlarms;
    try {
      this.#current.learn(outcomes);
    } catch (err) {
      // An outcome that a learner cannot take must neither end the service nor keep it from starting again.
      this.#options.logger.error({ err, outcomes: outcomes.length }, 'learner failed to learn');
    }
    if (this.#current.status().driftAlarms > alarms) this.#options.onDrift();
  }

  /** A plan for the cell as it is now. Throws whatever the learner throws. */
  propose(): Plan {
    const observation = this.#options.observation();
    this.#unobserved = false;
    try {
      this.#current.observe(observation);
      return this.#current.propose();
    } catch (error) {
      if (!(error instanceof FailedPrecondition)) throw error;
      // The constraints cannot be met at present: the best that can be is still worth a plan.
      this.#current.observe(attainableObservation(observation));
      return this.#current.propose();
    }
  }
}
