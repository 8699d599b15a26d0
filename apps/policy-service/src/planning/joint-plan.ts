import type { Clock, Logger, Steps } from '@weir/base';
import type { Placement, PlannedLook } from '@weir/domain';
import type { Plan } from '@weir/learning';
import { type InternalErrors, isExpected } from '../internal-errors.ts';
import { samePlacement } from '../sessions/directive-change.ts';

export interface JointPlanOptions {
  readonly cellId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly errors: InternalErrors;
  readonly onPlanned?: (plan: PlanMade) => void;
}

/** What is told of a plan when it is made. */
export interface PlanMade {
  readonly cellId: string;
  readonly planningMs: number;
  /** Devices that the plan before placed elsewhere. */
  readonly changes: number;
}

/** Where a plan sends one device. */
export interface PlannedDevice {
  readonly placement: Placement;
  /** Absent: none is planned. */
  readonly secondLook?: PlannedLook;
  /** 0 for a learner that predicts nothing. */
  readonly predictedMs: number;
}

/** What is kept of a plan until the next: what actions cost, its largest part, goes out with it and is dropped. */
export type PlanInForce = Omit<Plan, 'actions' | 'probes'>;

/** The plan in force for all devices of a cell together, and how its making went. */
export class JointPlan {
  readonly #options: JointPlanOptions;
  #current: PlanInForce | undefined;
  #fault = '';
  #planningMs = 0;

  constructor(options: JointPlanOptions) {
    this.#options = options;
  }

  get current(): PlanInForce | undefined {
    return this.#current;
  }

  /** Why the last attempt made no plan; empty when it made one. */
  get fault(): string {
    return this.#fault;
  }

  /** Time that the last attempt took, without what was done between its steps, ms. */
  get planningMs(): number {
    return this.#planningMs;
  }

  /** Undefined for a device that the plan does not cover. */
  of(deviceId: string): PlannedDevice | undefined {
    const placement = this.#current?.placements.get(deviceId);
    const secondLook = this.#current?.secondLooks?.get(deviceId);
    const predictedMs = this.#current?.predictedMs.get(deviceId) ?? 0;
    return placement && { placement, ...(secondLook && { secondLook }), predictedMs };
  }

  /** Replaces the plan by what `propose` returns; undefined when it throws, and then the plan before stays in force. */
  *make(propose: () => Steps<Plan>): Steps<Plan | undefined> {
    const { cellId, clock, logger, errors, onPlanned } = this.#options;
    let planningMs = 0;
    let plan: Plan;
    try {
      plan = yield* timed(propose(), { clock, spend: (ms) => (planningMs += ms) });
      this.#fault = '';
    } catch (err) {
      // Agents carry on by their last directive and their own balance; the fault is logged once, not every second.
      if (isExpected(err)) {
        if (err.message !== this.#fault) logger.warn({ err }, 'no plan');
        this.#fault = err.message;
      } else {
        errors.report('plan', err);
        this.#fault = 'the learner failed while planning; see the log of PolicyService';
      }
      return undefined;
    } finally {
      this.#planningMs = planningMs;
    }
    const changes = this.#current ? changesBetween(this.#current, plan) : 0;
    const { actions: _actions, probes: _probes, ...kept } = plan;
    this.#current = kept;
    onPlanned?.({ cellId, planningMs: this.#planningMs, changes });
    return plan;
  }

  /** No plan is in force until the next is made. */
  withdraw(): void {
    this.#current = undefined;
  }
}

/** `spend` hears of the time that each step took, ms. */
function* timed<T>(
  steps: Steps<T>,
  { clock, spend }: { clock: Clock; spend: (ms: number) => void },
): Steps<T> {
  try {
    for (;;) {
      const startedAt = clock.now();
      let step;
      try {
        step = steps.next();
      } finally {
        spend(clock.now() - startedAt);
      }
      if (step.done) return step.value;
      yield step.value;
    }
  } finally {
    // Given up here, given up there.
    steps.return(undefined as T);
  }
}

/** Devices of both plans that they place differently. */
const changesBetween = (before: PlanInForce, after: PlanInForce): number =>
  [...after.placements].filter(([deviceId, placement]) => {
    const former = before.placements.get(deviceId);
    return former && !samePlacement(former, placement);
  }).length;
