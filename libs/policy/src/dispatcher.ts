import { FailedPrecondition, type Random } from '@weir/base';
import { AccuracyBalance } from './balance.ts';
import type { ComputeNode, Objective, Placement, Variant } from './cell.ts';
import type { ActionCost, BalanceReport, Directive } from './directive.ts';
import {
  type ActionTable,
  type DispatchAction,
  actionTable,
  emptyTable,
  samePlacement,
} from './dispatch-actions.ts';
import { ArrivalMeter } from './dispatch-arrivals.ts';
import { type Decision, OpenDecision } from './dispatch-decision.ts';
import { TryOutBudget } from './dispatch-exploration.ts';
import { LocalQueue } from './dispatch-local-queue.ts';
import { tightenObjective } from './dispatch-objective.ts';
import type { NodeLoad } from './node-load.ts';
import type { Reason } from './outcome.ts';
import { TierTracker } from './tier-tracker.ts';

export interface DispatcherOptions {
  readonly deviceId: string;
  /** The device's own processor; carries the device's id. */
  readonly localNode: ComputeNode;
  /** Variants known on any target; for the local actions before any calibration. */
  readonly variants: readonly Variant[];
  /** Before the first directive: the cell's objective as far as the device knows it. */
  readonly objective: Objective;
  /** Decides between actions that are equal in cost and accuracy. */
  readonly random: Random;
  /** Time of creation, ms. @default 0 */
  readonly now?: number;
}

export interface DispatchOptions {
  /** Time left for this frame, ms. @default the objective's deadline */
  readonly deadlineMs?: number;
  /** Nodes not to be used, e.g. because this frame has just failed there. */
  readonly exclude?: ReadonlySet<string> | readonly string[];
}

/** How a frame ended. */
export interface Settlement {
  /** False: no answer; what the frame had booked is given back. */
  readonly ok: boolean;
  /** Its response time, ms; teaches how far predictions go wrong. */
  readonly responseMs?: number;
  /** Its wait for a slot, ms; stands in for load reports while those are missing. */
  readonly queueMs?: number;
}

/** One remote node as the dispatcher sees it. */
export interface DispatchTarget {
  readonly nodeId: string;
  /** Reachable and heard of within the last 5 s. */
  readonly usable: boolean;
  readonly load?: NodeLoad;
  /** Infinity when it never reported. */
  readonly loadAgeMs: number;
}

export interface DispatchStatus {
  readonly directiveVersion: number;
  readonly learner: string;
  readonly planned: Placement | undefined;
  readonly leaseExpired: boolean;
  readonly objective: Objective;
  readonly balance: BalanceReport;
  /** μ now, ms per unit of accuracy. */
  readonly accuracyPriceMs: number;
  /** Over the last 5 s. */
  readonly framesPerSecond: number;
  /** ca²: 0 periodic, 1 Poisson. */
  readonly arrivalVariability: number;
  readonly targets: readonly DispatchTarget[];
}

/**
 * What an agent knows and how it places one frame. Pure: times are passed in, in ms of any one clock that does not go
 * backwards; no timers, no I/O. Rule and constants: LEARNING.md, "the dispatch rule on the device".
 */
export interface Dispatcher {
  /**
   * Takes over a directive; older versions than the one in force are ignored, the same one again renews the lease.
   * When the lease runs out the dispatcher goes on by the last directive and its own balance and says so.
   */
  applyDirective(directive: Directive, now: number): void;
  /**
   * The device's own knowledge (calibration, benchmarks of the tiers, pings): used before the first directive, and
   * whenever a directive leaves no action that is allowed.
   */
  setFallbackActions(actions: readonly ActionCost[]): void;
  /** What this device asks beyond its cell; never lowers the floor nor widens the tiers. Undefined: nothing. */
  setOwnObjective(objective: Objective | undefined): void;
  /** A node's load as of `now`: a remote one's report or answer, or the own runner's. Proves that the node lives. */
  reportLoad(load: NodeLoad, now: number): void;
  /** True when the stream to a node stands or it answered a probe; false when it broke. Unknown nodes are not used. */
  setReachable(nodeId: string, reachable: boolean, now: number): void;
  /** Nodes that are silent or unreachable and should be asked for a sign of life now; each at most once a second. */
  probesDue(now: number): string[];
  /**
   * Places one frame, booking its accuracy and work at once; every decision must be settled. Throws FailedPrecondition
   * when nothing is allowed and names the constraints.
   */
  dispatch(now: number, options?: DispatchOptions): Decision;
  /** Closes a decision; once, later calls do nothing. A failed frame may then be dispatched again. */
  settle(decision: Decision, settlement: Settlement, now: number): void;
  status(now: number): DispatchStatus;
}

/** The protocol state of one agent. */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  return new PricedDispatcher(options);
}

/** Share of the own processor's time beyond which a plan overloads it. */
const OVERLOAD = 0.95;

class PricedDispatcher implements Dispatcher {
  readonly #localNode: ComputeNode;
  readonly #random: Random;
  readonly #accuracyOf: ReadonlyMap<string, number>;
  readonly #balance = new AccuracyBalance();
  readonly #arrivals = new ArrivalMeter();
  readonly #local: LocalQueue;
  readonly #trackers = new Map<string, TierTracker>();
  #cellObjective: Objective;
  #ownObjective: Objective | undefined;
  #objective: Objective;
  #directive: Directive | undefined;
  #leaseEndsAt = -Infinity;
  readonly #tries = new TryOutBudget();
  #fallbackCosts: readonly ActionCost[];
  #planned: DispatchAction | undefined;
  #table: ActionTable = emptyTable;
  #fallbackTable: ActionTable = emptyTable;

  constructor({ localNode, variants, objective, random }: DispatcherOptions) {
    this.#localNode = localNode;
    this.#random = random;
    this.#accuracyOf = new Map(variants.map(({ name, accuracy }) => [name, accuracy]));
    this.#local = new LocalQueue(localNode.slots);
    this.#cellObjective = objective;
    this.#objective = objective;
    this.#fallbackCosts = uncalibrated(localNode, variants);
    this.#rebuild();
  }

  applyDirective(directive: Directive, now: number): void {
    const current = this.#directive;
    if (current && directive.version < current.version) return;
    this.#directive = directive;
    this.#leaseEndsAt = now + directive.leaseMs;
    this.#cellObjective = directive.objective;
    this.#rebuild();
    this.#balance.applyLedger(directive.ledger);
  }

  setFallbackActions(actions: readonly ActionCost[]): void {
    this.#fallbackCosts = actions;
    this.#rebuild();
  }

  setOwnObjective(objective: Objective | undefined): void {
    this.#ownObjective = objective;
    this.#rebuild();
  }

  reportLoad(load: NodeLoad, now: number): void {
    if (load.nodeId === this.#localNode.id) this.#local.report(load, now);
    else this.#tracker(load.nodeId).report(load, now, this.#networkMs(load.nodeId));
  }

  setReachable(nodeId: string, reachable: boolean, now: number): void {
    this.#tracker(nodeId).setReachable(reachable, now);
  }

  probesDue(now: number): string[] {
    return [...this.#trackers.values()]
      .filter((tracker) => tracker.probeDue(now))
      .map(({ nodeId }) => nodeId);
  }

  dispatch(
    now: number,
    { deadlineMs = this.#objective.deadlineMs, exclude = [] }: DispatchOptions = {},
  ): Decision {
    this.#arrivals.add(now);
    for (const tracker of this.#table.trackers) tracker.refresh(now, this.#arrivals.regular);
    const directive = this.#directive;
    const frame: Frame = {
      now,
      deadlineMs,
      exclude: Array.isArray(exclude) ? new Set<string>(exclude) : (exclude as ReadonlySet<string>),
      localWaitMs: this.#local.waitMs(now),
      localCongestionPerMs: this.#local.congestionPerMs(now),
      priceMs: this.#priceMs(this.#table),
    };

    const planned = this.#planned;
    const obey = directive?.thresholdMs === Infinity;
    const followable = planned !== undefined && this.#blockedBy(planned, frame, obey) === undefined;
    const plannedCostMs = planned ? this.#costMs(planned, frame) : undefined;
    if (directive && planned && followable && obey)
      return this.#decide(
        planned,
        directive.explored ? 'explored' : 'planned',
        plannedCostMs!,
        plannedCostMs!,
        frame,
      );

    const found = this.#cheapest(this.#table, frame);
    if (found) this.#tries.earn(this.#predictedMs(found.action, frame));
    if (directive && planned && found && followable) {
      const late = this.#predictedMs(planned, frame) > deadlineMs;
      const excessMs = plannedCostMs! - found.costMs;
      const thresholdMs = this.#overloads(planned, now) ? 0 : directive.thresholdMs;
      const worth = excessMs <= thresholdMs || (directive.explored && this.#tries.affords(excessMs));
      if (worth && (!late || found.late)) {
        if (excessMs > thresholdMs) this.#tries.spend(excessMs);
        const reason = directive.explored ? 'explored' : 'planned';
        return this.#decide(planned, reason, plannedCostMs!, plannedCostMs!, frame);
      }
    }
    if (found) {
      const reason = directive && followable ? 'deviated' : 'fallback';
      return this.#decide(found.action, reason, found.costMs, plannedCostMs ?? found.costMs, frame);
    }

    for (const tracker of this.#fallbackTable.trackers) tracker.refresh(now, this.#arrivals.regular);
    const own = { ...frame, priceMs: this.#priceMs(this.#fallbackTable) };
    const rescue = this.#cheapest(this.#fallbackTable, own);
    if (!rescue) throw this.#nothingAllowed(own);
    return this.#decide(rescue.action, 'fallback', rescue.costMs, plannedCostMs ?? rescue.costMs, own);
  }

  settle(decision: Decision, { ok, responseMs, queueMs }: Settlement, now: number): void {
    const account = decision instanceof OpenDecision ? decision.close() : undefined;
    if (!account) return;
    const { tracker, work, booking } = account;
    if (ok) this.#balance.answered(booking);
    else this.#balance.refund(booking);
    if (!tracker || !work) return this.#local.returned(now);
    tracker.returned(work, ok, now);
    if (ok && queueMs !== undefined) tracker.observeWait(queueMs, now);
    if (ok && responseMs !== undefined) tracker.observeError(decision.predictedMs, responseMs);
  }

  status(now: number): DispatchStatus {
    return {
      directiveVersion: this.#directive?.version ?? 0,
      learner: this.#directive?.learner ?? '',
      planned: this.#directive?.planned,
      leaseExpired: this.#leaseExpired(now),
      objective: this.#objective,
      balance: this.#balance.report(),
      accuracyPriceMs: this.#priceMs(this.#table),
      framesPerSecond: 1_000 * this.#arrivals.perMs(now),
      arrivalVariability: this.#arrivals.variability,
      targets: [...this.#trackers.values()].map((tracker) => ({
        nodeId: tracker.nodeId,
        usable: tracker.isUsable(now),
        ...(tracker.load && { load: tracker.load }),
        loadAgeMs: tracker.loadAgeMs(now),
      })),
    };
  }

  #cheapest(
    table: ActionTable,
    frame: Frame,
  ): { action: DispatchAction; costMs: number; late: boolean } | undefined {
    let best: DispatchAction | undefined;
    let bestMs = Infinity;
    let bestLate = true;
    let equals = 1;
    for (const action of table.actions) {
      if (this.#blockedBy(action, frame, false) !== undefined) continue;
      const costMs = this.#costMs(action, frame);
      const late = this.#predictedMs(action, frame) > frame.deadlineMs;
      if (best) {
        if (late && !bestLate) continue;
        if (late === bestLate) {
          if (costMs > bestMs) continue;
          if (costMs === bestMs) {
            if (action.cost.accuracy < best.cost.accuracy) continue;
            if (action.cost.accuracy === best.cost.accuracy && this.#random.integer(++equals) > 0) continue;
          }
        }
      }
      if (costMs < bestMs) equals = 1;
      best = action;
      bestMs = costMs;
      bestLate = late;
    }
    return best && { action: best, costMs: bestMs, late: bestLate };
  }

  /** The constraint that forbids an action now, undefined when none does. An obeyed plan answers for the floor itself. */
  #blockedBy(action: DispatchAction, frame: Frame, obey: boolean): Constraint | undefined {
    if (!action.tierAllowed) return 'tier';
    if (frame.exclude.has(action.cost.placement.nodeId)) return 'excluded';
    if (action.tracker && !action.tracker.usable) return 'unreachable';
    if (!obey && !this.#balance.allows(action.cost.accuracy)) return 'floor';
    return undefined;
  }

  #waitMs(action: DispatchAction, frame: Frame): number {
    return action.tracker ? action.tracker.waitMs : frame.localWaitMs;
  }

  #predictedMs(action: DispatchAction, frame: Frame): number {
    return this.#waitMs(action, frame) + action.cost.serviceMs + action.cost.networkMs;
  }

  /** Whether the device's own processor could not keep up if all frames went as planned: then the plan binds no more. */
  #overloads({ tracker, cost }: DispatchAction, now: number): boolean {
    return !tracker && this.#arrivals.perMs(now) * cost.serviceMs > OVERLOAD * this.#local.slots;
  }

  /** What an action costs this frame and those after it, ms. */
  #costMs(action: DispatchAction, frame: Frame): number {
    const { meanWeight, tailWeight } = this.#objective;
    const { tracker } = action;
    const waitMs = this.#waitMs(action, frame);
    const serviceMs = action.cost.serviceMs;
    const responseMs = waitMs + serviceMs + action.cost.networkMs;
    let delayMs = 0;
    // Where frames come as by a clock, the plan has weighed what a planned frame does to the others, and no chance
    // adds to it; the utilization of the tier says nothing of its queue.
    const weighed = action === this.#planned && this.#arrivals.regular;
    if (tracker && !weighed) {
      // Those who come behind at the tier: the frame keeps a slot for its service while the queue lasts.
      const workMs = serviceMs / tracker.slots;
      delayMs = tracker.congestionPerMs * workMs * (waitMs + workMs / 2);
    } else if (!tracker) {
      // The device's own next frames, of which none comes before the quiet time is over.
      const quietMs = this.#arrivals.quietMs;
      const before = Math.max(0, waitMs - quietMs);
      const after = Math.max(0, waitMs + serviceMs / this.#local.slots - quietMs);
      delayMs = (frame.localCongestionPerMs * (after * after - before * before)) / 2;
    }
    let costMs = meanWeight * (responseMs + delayMs);
    if (tailWeight > 0) costMs += tailWeight * (responseMs * tailFactor(tracker?.spread ?? 0) + delayMs);
    return costMs / (meanWeight + tailWeight) + action.energyPriceMs + frame.priceMs * action.deficit;
  }

  /**
   * The plan's price, which holds what accuracy costs in waiting too, within a factor of two of what the actions alone
   * say: near saturation a planner's multiplier jumps with every rate measured. m does the rest.
   */
  #priceMs(table: ActionTable): number {
    const ownMs = table.ownPriceMs;
    const planMs = this.#directive?.accuracyPriceMs || ownMs;
    const baseMs = ownMs > 0 ? Math.max(ownMs / 2, Math.min(ownMs * 2, planMs)) : planMs;
    return this.#balance.priceMs(baseMs);
  }

  #decide(
    action: DispatchAction,
    reason: Reason,
    costMs: number,
    plannedCostMs: number,
    frame: Frame,
  ): Decision {
    const directive = this.#directive;
    const { cost, tracker } = action;
    const predictedMs = this.#predictedMs(action, frame);
    const booking = this.#balance.reserve(cost.accuracy);
    const work = tracker?.sent(cost.serviceMs, frame.now);
    if (!tracker) this.#local.sent(cost.serviceMs, frame.now);
    const asPlanned = reason === 'planned' || reason === 'explored';
    return new OpenDecision(
      {
        placement: cost.placement,
        reason,
        predictedMs,
        costMs,
        plannedCostMs,
        accuracy: cost.accuracy,
        directiveVersion: directive?.version ?? 0,
        learner: directive?.learner ?? '',
        leaseExpired: this.#leaseExpired(frame.now),
        balance: this.#balance.balance,
        propensity: asPlanned ? directive!.propensity : 1,
      },
      { tracker, work, booking },
    );
  }

  #nothingAllowed(frame: Frame): FailedPrecondition {
    const actions = [...this.#table.actions, ...this.#fallbackTable.actions];
    const say = {
      tier: `the objective allows only ${this.#objective.allowedTiers.join(', ')}`,
      excluded: 'a target has failed this frame',
      unreachable: 'a target is unreachable',
      floor: `the accuracy floor is ${this.#objective.accuracyFloor} and the balance ${this.#balance.balance.toFixed(4)}`,
    };
    const parts = new Map<Constraint, string[]>();
    for (const action of actions) {
      const constraint = this.#blockedBy(action, frame, false);
      const { nodeId, variant } = action.cost.placement;
      if (constraint) parts.set(constraint, [...(parts.get(constraint) ?? []), `${nodeId}/${variant}`]);
    }
    const reasons = [...parts].map(
      ([constraint, ids]) => `${say[constraint]} (${[...new Set(ids)].join(', ')})`,
    );
    return new FailedPrecondition(`no placement is allowed: ${reasons.join('; ') || 'no target is known'}`, {
      reason: 'NO_PLACEMENT_ALLOWED',
    });
  }

  #rebuild(): void {
    const directive = this.#directive;
    const trackerOf = (nodeId: string) => this.#tracker(nodeId);
    this.#objective = tightenObjective(this.#cellObjective, this.#ownObjective);
    this.#fallbackTable = actionTable(this.#fallbackCosts, this.#objective, trackerOf);
    const known = directive && directive.actions.length > 0 ? directive.actions : this.#fallbackCosts;
    const planned = directive && plannedCost(directive, known, this.#fallbackCosts, this.#accuracyOf);
    this.#table = actionTable(
      planned && !known.includes(planned) ? [...known, planned] : known,
      this.#objective,
      trackerOf,
    );
    this.#planned = this.#table.actions.find(({ cost }) => cost === planned);
    this.#balance.configure({ floor: this.#objective.accuracyFloor, best: this.#table.bestAccuracy });
  }

  #tracker(nodeId: string): TierTracker {
    let tracker = this.#trackers.get(nodeId);
    if (!tracker) this.#trackers.set(nodeId, (tracker = new TierTracker(nodeId)));
    return tracker;
  }

  #networkMs(nodeId: string): number {
    return this.#table.actions.find(({ cost }) => cost.placement.nodeId === nodeId)?.cost.networkMs ?? 0;
  }

  #leaseExpired(now: number): boolean {
    return this.#directive !== undefined && now > this.#leaseEndsAt;
  }
}

/** What does not change between the actions of one frame. */
interface Frame {
  readonly now: number;
  readonly deadlineMs: number;
  readonly exclude: ReadonlySet<string>;
  readonly localWaitMs: number;
  readonly localCongestionPerMs: number;
  /** μ, ms per unit of accuracy. */
  readonly priceMs: number;
}

type Constraint = 'tier' | 'excluded' | 'unreachable' | 'floor';

/** 95th percentile over mean of a lognormal response time. Source: LEARNING.md (t·exp(1.645σ − σ²/2)). */
const tailFactor = (sigma: number) => Math.exp(1.645 * sigma - (sigma * sigma) / 2);

/** Cost of the planned action: the directive's, else what the device knows itself, else the plan's promise. */
function plannedCost(
  directive: Directive,
  known: readonly ActionCost[],
  own: readonly ActionCost[],
  accuracyOf: ReadonlyMap<string, number>,
): ActionCost {
  const isPlanned = ({ placement }: ActionCost) => samePlacement(placement, directive.planned);
  return (
    known.find(isPlanned) ??
    own.find(isPlanned) ?? {
      placement: directive.planned,
      accuracy: accuracyOf.get(directive.planned.variant) ?? 0,
      serviceMs: directive.predictedMs,
      networkMs: 0,
      energyJ: 0,
    }
  );
}

/** Before any calibration all local variants seem equally fast, so that the most accurate one is taken. */
function uncalibrated(localNode: ComputeNode, variants: readonly Variant[]): readonly ActionCost[] {
  return variants
    .filter(({ name }) => localNode.variants.includes(name))
    .map(({ name, accuracy }) => ({
      placement: { tier: localNode.tier, nodeId: localNode.id, variant: name },
      accuracy,
      serviceMs: 0,
      networkMs: 0,
      energyJ: 0,
    }));
}
