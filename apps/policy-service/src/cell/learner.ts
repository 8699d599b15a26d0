import { FailedPrecondition, finish, type Steps } from '@weir/base';
import type { Outcome } from '@weir/domain';
import type { CellObservation, Learner, Plan } from '@weir/learning';
import type { InternalErrors } from '../internal-errors.ts';
import { attainableObservation } from '../planning/attainable.ts';

export interface CellLearnerOptions {
  readonly learner: Learner;
  readonly errors: InternalErrors;
  /** The cell as it is, with or without devices. */
  readonly observation: () => Steps<CellObservation>;
  /** The learner has noticed that the cell is not what it was. */
  readonly onDrift: () => void;
}

/** The learner of a cell: told of its devices before it learns from them; what it cannot learn ends nothing. */
export class CellLearner {
  readonly #options: CellLearnerOptions;
  #current: Learner;
  /** There is a device that the learner has not been told of. */
  #unobserved = false;

  constructor(options: CellLearnerOptions) {
    this.#options = options;
    this.#current = options.learner;
  }

  get current(): Learner {
    return this.#current;
  }

  /** The learner is told of the cell before it takes over. When it throws, the former one stays. */
  replace(learner: Learner): void {
    this.#tell(learner);
    this.#current = learner;
  }

  /** A device has joined: the learner is told of it before it next plans or learns. */
  joined(): void {
    this.#unobserved = true;
  }

  /** Tells the learner of the cell as it is, or as far as it can be planned for at present. */
  observe(): void {
    this.#tell(this.#current);
  }

  learn(outcomes: readonly Outcome[]): void {
    const { errors } = this.#options;
    const alarms = this.#current.status().driftAlarms;
    try {
      // A learner ignores devices that it has not been told of: outcomes may be here before the first plan.
      if (this.#unobserved) this.observe();
    } catch (err) {
      errors.report('observe', err);
    }
    try {
      this.#current.learn(outcomes);
    } catch (err) {
      if (outcomes.length === 1) errors.report('learn', err, { outcome: outcomes[0] });
      // They have been acknowledged, so the others must not be lost with the one that cannot be learned. What came before
      // it in the batch may be learned twice.
      else for (const outcome of outcomes) this.learn([outcome]);
    }
    if (this.#current.status().driftAlarms > alarms) this.#options.onDrift();
  }

  /** A plan for the cell as it is now. Nothing is learned until its last step. Throws whatever the learner throws. */
  *propose(): Steps<Plan> {
    const learner = this.#current;
    // Who joins from now on is not in it.
    this.#unobserved = false;
    let made = false;
    try {
      const observation = yield* this.#options.observation();
      let plan: Plan;
      try {
        plan = yield* planInSteps(learner, observation);
      } catch (error) {
        plan = yield* planInSteps(learner, attainableAfter(error, observation));
      }
      made = true;
      return plan;
    } finally {
      this.#unobserved ||= !made;
    }
  }

  #tell(learner: Learner): void {
    const cell = finish(this.#options.observation());
    try {
      if (cell.devices.length > 0)
        try {
          learner.observe(cell);
        } catch (error) {
          learner.observe(attainableAfter(error, cell));
        }
      this.#unobserved = false;
    } catch (error) {
      if (!(error instanceof FailedPrecondition)) throw error;
      // No device has anything to run at present: that is for the next plan to say, and keeps nobody from learning.
      this.#unobserved = true;
    }
  }
}

function* planInSteps(learner: Learner, observation: CellObservation): Steps<Plan> {
  if (learner.planInSteps) return yield* learner.planInSteps(observation);
  learner.observe(observation);
  return learner.propose();
}

/**
 * The best that the cell can be where, by that error, its constraints cannot be met at present: that is still worth a plan.
 * Throws the error when it is another one, or when no device has anything to run.
 */
function attainableAfter(error: unknown, observation: CellObservation): CellObservation {
  if (!(error instanceof FailedPrecondition)) throw error;
  const attainable = attainableObservation(observation);
  if (attainable.devices.length === 0) throw error;
  return attainable;
}
