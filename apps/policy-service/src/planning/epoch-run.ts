import { type Clock, FailedPrecondition, Unavailable } from '@weir/base';
import type { Outcome, Placement, PlannedLook } from '@weir/domain';
import { epochOutcomes } from '@weir/learning';
import type { CellLearner } from '../cell/learner.ts';
import { Epoch } from './epoch.ts';
import type { JointPlan, PlanInForce } from './joint-plan.ts';
import type { Sessions } from '../sessions/registry.ts';

/** What a run needs of its cell. */
export interface EpochCell {
  readonly clock: Clock;
  readonly learner: CellLearner;
  readonly plan: JointPlan;
  readonly sessions: Sessions;
  /** Makes a plan and tells every device; the version, undefined when nothing went out. */
  readonly planAndPush: () => number | undefined;
  /** The run is over; its last epoch had this version, 0 when there was none. */
  readonly onEnd: (lastVersion: number) => void;
}

export interface EpochWait {
  readonly settleMs: number;
  readonly signal: AbortSignal;
}

export interface EpochPlan {
  readonly version: number;
  readonly learner: string;
  readonly plan: PlanInForce;
  /** As far as the learner knows, were there nothing left to learn. */
  readonly bestKnown: ReadonlyMap<string, Placement>;
  readonly bestSecondLooks: ReadonlyMap<string, PlannedLook>;
  /** Outcomes of the epoch before that were learned from. */
  readonly outcomes: number;
  /** Devices whose outcome of the epoch before did not come in time. */
  readonly missing: readonly string[];
  /** Time to learn and to plan, ms. */
  readonly planningMs: number;
}

/**
 * A cell in synchronous epochs, until disposed, as in Shahhosseini et al. 2022: plans are made one at a time and obeyed,
 * and the outcomes of one are learned together.
 */
export class EpochRun implements Disposable {
  readonly #cell: EpochCell;
  #current: Epoch | undefined;
  #lastVersion = 0;

  constructor(cell: EpochCell) {
    this.#cell = cell;
  }

  /**
   * Waits until the epoch before has all its outcomes, or for `settleMs`; learns from them; plans and pushes the next.
   * Throws FailedPrecondition when there is no plan or no device is connected, Unavailable when no version is to be had.
   */
  async next(wait: EpochWait): Promise<EpochPlan> {
    const { clock, learner, plan, sessions, planAndPush } = this.#cell;
    const { before, startedAt } = await this.#settle(wait);
    const version = planAndPush();
    const plannedAt = clock.now();
    if (!plan.current || plan.fault)
      throw new FailedPrecondition(plan.fault || 'the cell has no devices', { reason: 'NO_PLAN' });
    if (version === undefined)
      throw sessions.size === 0
        ? new FailedPrecondition('no device of the cell is connected', { reason: 'NO_DEVICES' })
        : new Unavailable('no directive could be sent; look at the log of PolicyService');
    this.#lastVersion = version;
    this.#current = new Epoch(version, plan.current.placements, [...sessions.deviceIds()]);
    return {
      version,
      learner: learner.current.name,
      plan: plan.current,
      bestKnown: learner.current.best(),
      bestSecondLooks: learner.current.bestSecondLooks?.() ?? new Map<string, PlannedLook>(),
      outcomes: before?.outcomes.length ?? 0,
      missing: before?.missing ?? [],
      planningMs: plannedAt - startedAt,
    };
  }

  /** Learns from the last epoch too. */
  async finish(wait: EpochWait): Promise<void> {
    await this.#settle(wait);
  }

  /** Outcomes as they come; those of the epoch under way wait for its end, the others are left out. */
  take(outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) this.#current?.add(outcome);
  }

  /** True while outcomes wait to be learned. */
  get holdsOutcomes(): boolean {
    return (this.#current?.outcomes.length ?? 0) > 0;
  }

  /** A run that ends in the middle of an epoch learns what came of it, one by one, as after a crash. */
  [Symbol.dispose](): void {
    const cut = this.#current;
    this.#current = undefined;
    if (cut && cut.outcomes.length > 0) this.#cell.learner.learn(cut.outcomes);
    this.#cell.onEnd(this.#lastVersion);
  }

  /** Waits for the epoch under way, if there is one, and learns from it. */
  async #settle({ settleMs, signal }: EpochWait) {
    const { clock, learner } = this.#cell;
    const before = await this.#current?.settled({ withinMs: settleMs, clock, signal });
    this.#current = undefined;
    const startedAt = clock.now();
    if (before) learner.learn(epochOutcomes(before.outcomes));
    return { before, startedAt };
  }
}
