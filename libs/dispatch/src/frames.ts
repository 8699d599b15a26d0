import type { AccuracyBalance } from './accuracy-balance.ts';
import type { ActionTable } from './action-table.ts';
import type { ArrivalMeter } from './arrivals.ts';
import { prepare } from './choice.ts';
import type { Frame } from './cost.ts';
import type { DispatchOptions } from './dispatcher.ts';
import type { LocalQueue } from './local-queue.ts';
import type { PlanInForce } from './plan-in-force.ts';

/**
 * μ while the floor is not known, ms per unit of accuracy: a second for a point. That outweighs what variants differ in, and
 * not a queue that grows without end.
 */
const UNKNOWN_FLOOR_PRICE_MS = 100_000;

/** What a device's state means for a frame that arrives now. */
export class Frames {
  readonly #plan: PlanInForce;
  readonly #balance: AccuracyBalance;
  readonly #arrivals: ArrivalMeter;
  readonly #local: LocalQueue;

  constructor(plan: PlanInForce, balance: AccuracyBalance, arrivals: ArrivalMeter, local: LocalQueue) {
    this.#plan = plan;
    this.#balance = balance;
    this.#arrivals = arrivals;
    this.#local = local;
  }

  /** For a choice among all actions of a table: refreshes and prices them. */
  choosing(table: ActionTable, now: number, options: DispatchOptions, ejectedToo = false): Frame {
    const frame = this.fresh(table, now, options, ejectedToo);
    prepare(table, frame);
    return frame;
  }

  /** Refreshes what is known of the table's nodes. */
  fresh(table: ActionTable, now: number, options: DispatchOptions, ejectedToo = false): Frame {
    this.refresh(table, now);
    return this.of(table, now, options, ejectedToo);
  }

  refresh({ trackers }: ActionTable, now: number): void {
    const { regular } = this.#arrivals;
    for (const tracker of trackers) tracker.refresh(now, regular);
  }

  /** When the table's nodes are refreshed already. */
  of(table: ActionTable, now: number, options: DispatchOptions, ejectedToo = false): Frame {
    const { deadlineMs, exclude, variant } = options;
    const { objective, planned } = this.#plan;
    const { regular, quietMs } = this.#arrivals;
    return {
      now,
      deadlineMs: deadlineMs ?? objective.deadlineMs,
      exclude: asSet(exclude),
      objective,
      priceMs: this.priceMs(table),
      local: {
        slots: this.#local.slots,
        waitMs: this.#local.waitMs(now),
        congestionPerMs: this.#local.congestionPerMs(now),
        quietMs,
      },
      weighed: regular ? planned : undefined,
      ejectedToo,
      leastAccuracy: this.leastAccuracy(options),
      variant,
      overdue: this.#balance.overdue,
    };
  }

  leastAccuracy({ leastAccuracy = 0, belowFloor = false }: DispatchOptions): number {
    if (belowFloor) return leastAccuracy;
    return Math.max(leastAccuracy, this.#balance.leastAccuracy);
  }

  /** μ, from the plan's μ₀, or the table's where the plan has none. */
  priceMs(table: ActionTable): number {
    if (!this.#plan.knowsFloor) return UNKNOWN_FLOOR_PRICE_MS;
    return this.#balance.priceMs(this.#plan.directive?.accuracyPriceMs || table.ownPriceMs);
  }
}

const nothing: ReadonlySet<string> = new Set();

export const asSet = (ids: DispatchOptions['exclude'] = nothing): ReadonlySet<string> =>
  ids instanceof Set ? (ids as ReadonlySet<string>) : new Set(ids);
