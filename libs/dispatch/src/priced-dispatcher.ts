import type { Random } from '@weir/base';
import {
  type ComputeNode,
  type Objective,
  type ActionCost,
  type Directive,
  tightenObjective,
  type NodeLoad,
  type Reason,
} from '@weir/domain';
import { AccuracyBalance, type Reservation } from './accuracy-balance.ts';
import {
  type ActionTable,
  type DispatchAction,
  actionTable,
  emptyTable,
  plannedCost,
  uncalibrated,
} from './action-table.ts';
import { type AdmissionFrame, Trials, excessMs, unreachableDeadline } from './admission.ts';
import { ArrivalMeter } from './arrivals.ts';
import { type Frame, costMs, leastMs, predictedMs } from './cost.ts';
import { type Decision, OpenDecision } from './decision.ts';
import { ExplorationBudget } from './exploration-budget.ts';
import { LocalQueue } from './local-queue.ts';
import { type Constraint, refusal } from './constraints.ts';
import type {
  DispatchOptions,
  DispatchStatus,
  Dispatcher,
  DispatcherOptions,
  Settlement,
} from './dispatcher.ts';
import type { EjectionChange } from './node-outliers.ts';
import type { Verdict } from './outlier-circuit.ts';
import { verdictOn } from './verdict.ts';
import { TierTracker } from './tier-tracker.ts';

/** A plan that needs more than this share of the device's own processor overloads it. */
const OVERLOAD = 0.95;

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  return new PricedDispatcher(options);
}

/** The dispatch rule and its bookkeeping; the contract is Dispatcher's. */
class PricedDispatcher implements Dispatcher {
  readonly #localNode: ComputeNode;
  readonly #random: Random;
  readonly #accuracyOf: ReadonlyMap<string, number>;
  readonly #balance = new AccuracyBalance();
  readonly #arrivals: ArrivalMeter;
  readonly #local: LocalQueue;
  readonly #trackers = new Map<string, TierTracker>();
  #cellObjective: Objective;
  #ownObjective: Partial<Objective> | undefined;
  #objective: Objective;
  #directive: Directive | undefined;
  #leaseEndsAt = -Infinity;
  readonly #exploration = new ExplorationBudget();
  readonly #trials = new Trials();
  readonly #onEjection: (change: EjectionChange) => void;
  #fallbackCosts: readonly ActionCost[];
  #planned: DispatchAction | undefined;
  #table: ActionTable = emptyTable;
  #fallbackTable: ActionTable = emptyTable;

  constructor({ localNode, variants, objective, random, now = 0, onEjection }: DispatcherOptions) {
    this.#onEjection = onEjection ?? (() => {});
    this.#arrivals = new ArrivalMeter(now);
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
    if (current?.instanceId === directive.instanceId && directive.version < current.version) return;
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

  setOwnObjective(objective: Partial<Objective> | undefined): void {
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

  dispatch(now: number, options: DispatchOptions = {}): Decision {
    this.#refuseIfUnreachable(now, options);
    // A retry is not a new arrival.
    if (asSet(options.exclude ?? nothing).size === 0) this.#arrivals.add(now);
    const directive = this.#directive;
    const frame = this.#frame(this.#table, now, options);

    const planned = this.#planned;
    const obey = directive?.thresholdMs === Infinity;
    const followable = planned !== undefined && this.#blockedBy(planned, frame, obey) === undefined;
    const plannedCostMs = planned ? costMs(planned, frame) : undefined;
    if (directive && planned && followable && obey)
      return this.#decide(
        planned,
        directive.explored ? 'explored' : 'planned',
        plannedCostMs!,
        plannedCostMs!,
        frame,
      );

    const found = this.#cheapest(this.#table, frame);
    if (found) this.#exploration.earn(predictedMs(found.action, frame));
    if (directive && planned && found && followable) {
      const late = predictedMs(planned, frame) > frame.deadlineMs;
      const excessMs = plannedCostMs! - found.costMs;
      const thresholdMs = this.#overloads(planned, now) ? 0 : directive.thresholdMs;
      const worth = excessMs <= thresholdMs || (directive.explored && this.#exploration.affords(excessMs));
      if (worth && (!late || found.late)) {
        if (excessMs > thresholdMs) this.#exploration.spend(excessMs);
        const reason = directive.explored ? 'explored' : 'planned';
        return this.#decide(planned, reason, plannedCostMs!, plannedCostMs!, frame);
      }
    }
    if (found) {
      const reason = directive && followable ? 'deviated' : 'fallback';
      return this.#decide(found.action, reason, found.costMs, plannedCostMs ?? found.costMs, frame);
    }

    for (const [table, ejectedToo] of this.#resorts()) {
      const own = this.#frame(table, now, options, ejectedToo);
      const rescue = this.#cheapest(table, own);
      if (rescue)
        return this.#decide(rescue.action, 'fallback', rescue.costMs, plannedCostMs ?? rescue.costMs, own);
    }
    const actions = [...this.#table.actions, ...this.#fallbackTable.actions];
    throw refusal(actions, (action) => this.#blockedBy(action, frame, false), {
      objective: this.#objective,
      balance: this.#balance.balance,
    });
  }

  probe(now: number): Decision | undefined {
    for (const tracker of this.#trackers.values()) {
      if (!tracker.outliers.any || !tracker.isUsable(now)) continue;
      const actions = [...this.#table.actions, ...this.#fallbackTable.actions].filter(
        (action) => action.tracker === tracker && action.tierAllowed,
      );
      const variant = actions.length > 0 ? tracker.outliers.probeDue(now) : undefined;
      if (variant === undefined) continue;
      const suspect = actions.find(({ cost }) => cost.placement.variant === variant) ?? actions[0]!;
      const frame = this.#frame(this.#table, now, {}, true);
      tracker.refresh(now, false);
      const actionMs = costMs(suspect, frame);
      return this.#commit(suspect, 'fallback', actionMs, actionMs, frame, nothingReserved);
    }
    return undefined;
  }

  settle(decision: Decision, settlement: Settlement, now: number): void {
    const { ok, responseMs, queueMs, soonestAnswerAt } = settlement;
    const commitment = decision instanceof OpenDecision ? decision.close() : undefined;
    if (!commitment) return;
    const { tracker, work, reservation, ownMs } = commitment;
    if (ok) this.#balance.answered(reservation);
    else this.#balance.refund(reservation);
    if (!tracker || !work) return this.#local.returned(now);
    tracker.returned(work, ok, now);
    if (ok && queueMs !== undefined) tracker.observeWait(queueMs, now);
    if (ok && responseMs !== undefined) tracker.observeError(decision.predictedMs, responseMs);
    if (soonestAnswerAt !== undefined) tracker.refused(soonestAnswerAt - ownMs, now);
    if (settlement.fault === 'late') tracker.late(work.at, now);
    const verdict = verdictOn(decision, commitment, settlement, now);
    // What fails with its link says nothing about the node.
    if (!verdict || !tracker.isUsable(now)) return;
    const { variant } = decision.placement;
    this.#judge(tracker, { variant, verdict, sentAt: work.at, tookMs: responseMs ?? Infinity }, now);
  }

  #judge(
    tracker: TierTracker,
    observed: { variant: string; verdict: Verdict; sentAt: number; tookMs: number },
    now: number,
  ): void {
    const { trackers, actions } = this.#table;
    const limits = {
      node: () =>
        2 * (trackers.filter(({ outliers }) => outliers.ejection).length + 1) <= trackers.length + 1,
      variants: () => actions.filter((action) => action.tracker === tracker).length,
      somethingFaster: () => {
        const frame = this.#frame(this.#table, now, { exclude: [tracker.nodeId] });
        const other = this.#cheapest(this.#table, frame);
        return other !== undefined && predictedMs(other.action, frame) < observed.tookMs;
      },
    };
    const change = tracker.outliers.observe(observed, limits, now);
    if (change) this.#onEjection(change);
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
        usable: tracker.isUsable(now) && !tracker.outliers.ejection,
        ejected: tracker.outliers.reason,
        ...(tracker.load && { load: tracker.load }),
        loadAgeMs: tracker.loadAgeMs(now),
      })),
    };
  }

  /** Where to turn when the plan's table allows nothing; what was ejected is better than nothing. */
  #resorts(): readonly (readonly [table: ActionTable, ejectedToo: boolean])[] {
    return [
      [this.#fallbackTable, false],
      [this.#table, true],
      [this.#fallbackTable, true],
    ];
  }

  /** Refuses a frame that no target could answer in time, before it costs anybody anything. */
  #refuseIfUnreachable(now: number, options: DispatchOptions): void {
    const frame = this.#admission(now, options);
    const planned = this.#directive?.thresholdMs === Infinity ? this.#planned : undefined;
    let leastMs = this.#leastExcessMs(this.#table, frame);
    if (leastMs <= 0 || (planned && this.#blockedBy(planned, frame, true) === undefined)) return;
    if (leastMs === Infinity)
      for (const [table, ejectedToo] of this.#resorts()) {
        leastMs = this.#leastExcessMs(table, { ...frame, ejectedToo });
        if (leastMs < Infinity) break;
      }
    // Nothing is allowed: for other reasons than time.
    if (leastMs <= 0 || leastMs === Infinity) return;
    if (!frame.retry && this.#trials.due(now)) return;
    throw unreachableDeadline(leastMs, frame.deadlineMs);
  }

  #admission(now: number, { deadlineMs, exclude = nothing }: DispatchOptions): AdmissionFrame {
    const excluded = asSet(exclude);
    return {
      now,
      deadlineMs: deadlineMs ?? this.#objective.deadlineMs,
      exclude: excluded,
      ejectedToo: false,
      retry: excluded.size > 0,
      localWaitMs: this.#local.waitMs(now),
    };
  }

  /** Over the deadline, of the best action that is allowed, or of the first that is in time; Infinity without any. */
  #leastExcessMs(table: ActionTable, frame: AdmissionFrame): number {
    const { regular } = this.#arrivals;
    for (const tracker of table.trackers) tracker.refresh(frame.now, regular);
    let leastMs = Infinity;
    for (const action of table.actions) {
      if (this.#blockedBy(action, frame, false) !== undefined) continue;
      leastMs = Math.min(leastMs, excessMs(action, frame));
      if (leastMs <= 0) break;
    }
    return leastMs;
  }

  #frame(
    table: ActionTable,
    now: number,
    { deadlineMs, exclude = nothing }: DispatchOptions,
    ejectedToo = false,
  ): Frame {
    const { regular, quietMs } = this.#arrivals;
    for (const tracker of table.trackers) tracker.refresh(now, regular);
    return {
      now,
      deadlineMs: deadlineMs ?? this.#objective.deadlineMs,
      exclude: asSet(exclude),
      objective: this.#objective,
      priceMs: this.#priceMs(table),
      local: {
        slots: this.#local.slots,
        waitMs: this.#local.waitMs(now),
        congestionPerMs: this.#local.congestionPerMs(now),
        quietMs,
      },
      weighed: regular ? this.#planned : undefined,
      ejectedToo,
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
      const late = predictedMs(action, frame) > frame.deadlineMs;
      // Of what is late, the one that may still be in time is best.
      const actionMs = late ? leastMs(action, frame) : costMs(action, frame);
      if (best) {
        if (late && !bestLate) continue;
        if (late === bestLate) {
          if (actionMs > bestMs) continue;
          if (actionMs === bestMs) {
            if (action.cost.accuracy < best.cost.accuracy) continue;
            if (action.cost.accuracy === best.cost.accuracy && this.#random.integer(++equals) > 0) continue;
          }
        }
      }
      if (actionMs < bestMs) equals = 1;
      best = action;
      bestMs = actionMs;
      bestLate = late;
    }
    return best && { action: best, costMs: bestLate ? costMs(best, frame) : bestMs, late: bestLate };
  }

  /** The constraint that forbids an action now, if any. For an obeyed plan the planner answers for the floor. */
  #blockedBy(
    action: DispatchAction,
    frame: Pick<Frame, 'exclude' | 'ejectedToo'>,
    obey: boolean,
  ): Constraint | undefined {
    if (!action.tierAllowed) return 'tier';
    if (frame.exclude.has(action.cost.placement.nodeId)) return 'excluded';
    const { tracker } = action;
    if (tracker && !tracker.usable) return 'unreachable';
    if (tracker && !frame.ejectedToo && tracker.outliers.leavesOut(action.cost.placement.variant))
      return 'ejected';
    if (!obey && !this.#balance.allows(action.cost.accuracy)) return 'floor';
    return undefined;
  }

  /** Whether the device's own processor could not keep up if every frame followed the plan: then θ is 0. */
  #overloads({ tracker, cost }: DispatchAction, now: number): boolean {
    return !tracker && this.#arrivals.perMs(now) * cost.serviceMs > OVERLOAD * this.#local.slots;
  }

  /** μ, from the plan's μ₀, or the table's where the plan has none. */
  #priceMs(table: ActionTable): number {
    return this.#balance.priceMs(this.#directive?.accuracyPriceMs || table.ownPriceMs);
  }

  #decide(
    action: DispatchAction,
    reason: Reason,
    actionMs: number,
    plannedCostMs: number,
    frame: Frame,
  ): Decision {
    const reservation = this.#balance.reserve(action.cost.accuracy);
    return this.#commit(action, reason, actionMs, plannedCostMs, frame, reservation);
  }

  #commit(
    action: DispatchAction,
    reason: Reason,
    actionMs: number,
    plannedCostMs: number,
    frame: Frame,
    reservation: Reservation,
  ): Decision {
    const directive = this.#directive;
    const { cost, tracker } = action;
    const work = tracker?.sent(cost.serviceMs, frame.now);
    if (!tracker) this.#local.sent(cost.serviceMs, frame.now);
    const asPlanned = reason === 'planned' || reason === 'explored';
    return new OpenDecision(
      {
        placement: cost.placement,
        reason,
        predictedMs: predictedMs(action, frame),
        costMs: actionMs,
        plannedCostMs,
        accuracy: cost.accuracy,
        directiveVersion: directive?.version ?? 0,
        learner: directive?.learner ?? '',
        leaseExpired: this.#leaseExpired(frame.now),
        balance: this.#balance.balance,
        propensity: asPlanned ? directive!.propensity : 1,
      },
      {
        tracker,
        work,
        reservation,
        ownMs: cost.serviceMs + cost.networkMs,
        obeyed: asPlanned && directive?.thresholdMs === Infinity,
      },
    );
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

/** A probe's: it earns and spends nothing. */
const nothingReserved: Reservation = { debit: 0, credit: 0, account: -1 };

const nothing: ReadonlySet<string> = new Set();
const asSet = (ids: ReadonlySet<string> | readonly string[]): ReadonlySet<string> =>
  ids instanceof Set ? (ids as ReadonlySet<string>) : new Set(ids);
