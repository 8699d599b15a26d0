import type { Random } from '@weir/base';
import type { ActionCost, ComputeNode, Directive, NodeLoad, Objective, Reason } from '@weir/domain';
import { AccuracyBalance, type Reservation } from './accuracy-balance.ts';
import type { ActionTable } from './action-table.ts';
import type { DispatchAction } from './dispatch-action.ts';
import { Admission } from './admission.ts';
import { ArrivalMeter } from './arrivals.ts';
import { type Best, cheapest, choiceOf } from './choice.ts';
import { constraintOn, refusal } from './constraints.ts';
import { costMs, type Frame, predictedMs, processingCostMs } from './cost.ts';
import {
  type ChosenLook,
  type Commitment,
  type Costs,
  type Decision,
  OpenDecision,
  type Promised,
  type SecondLook,
} from './decision.ts';
import type {
  DispatchOptions,
  DispatchStatus,
  Dispatcher,
  DispatcherOptions,
  Settlement,
} from './dispatcher.ts';
import { ExplorationBudget } from './exploration-budget.ts';
import { LocalQueue } from './local-queue.ts';
import type { EjectionChange } from './node-outliers.ts';
import type { Verdict } from './outlier-circuit.ts';
import { PlanInForce } from './plan-in-force.ts';
import { Targets } from './targets.ts';
import type { TierTracker } from './tier-tracker.ts';
import { verdictOn } from './verdict.ts';

/** A plan that needs more than this share of the device's own processor overloads it. */
const OVERLOAD = 0.95;

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  return new PricedDispatcher(options);
}

/** The dispatch rule and its bookkeeping; the contract is Dispatcher's. */
class PricedDispatcher implements Dispatcher {
  readonly #localNode: ComputeNode;
  readonly #random: Random;
  readonly #balance = new AccuracyBalance();
  readonly #arrivals: ArrivalMeter;
  readonly #local: LocalQueue;
  readonly #targets = new Targets();
  readonly #plan: PlanInForce;
  readonly #exploration = new ExplorationBudget();
  readonly #admission: Admission;
  readonly #onEjection: (change: EjectionChange) => void;

  constructor({ localNode, variants, looks, objective, random, now = 0, onEjection }: DispatcherOptions) {
    this.#onEjection = onEjection ?? (() => {});
    this.#arrivals = new ArrivalMeter(now);
    this.#localNode = localNode;
    this.#random = random;
    this.#local = new LocalQueue(localNode.slots);
    const trackerOf = (nodeId: string) => this.#targets.of(nodeId);
    this.#plan = new PlanInForce({ localNode, variants, looks, objective, trackerOf });
    this.#admission = new Admission(this.#plan, this.#arrivals);
    this.#configureBalance();
  }

  applyDirective(directive: Directive, now: number): void {
    if (!this.#plan.apply(directive, now)) return;
    this.#configureBalance();
    this.#balance.applyLedger(directive.ledger);
  }

  setFallbackActions(actions: readonly ActionCost[]): void {
    this.#plan.setFallbackActions(actions);
    this.#configureBalance();
  }

  setOwnObjective(objective: Partial<Objective> | undefined): void {
    this.#plan.setOwnObjective(objective);
    this.#configureBalance();
  }

  reportLoad(load: NodeLoad, now: number): void {
    if (load.nodeId === this.#localNode.id) this.#local.report(load, now);
    else this.#targets.of(load.nodeId).report(load, now, this.#networkMs(load.nodeId));
  }

  setReachable(nodeId: string, reachable: boolean, now: number): void {
    this.#targets.of(nodeId).setReachable(reachable, now);
  }

  probesDue(now: number): string[] {
    return [...this.#targets].filter((tracker) => tracker.probeDue(now)).map(({ nodeId }) => nodeId);
  }

  dispatch(now: number, options: DispatchOptions = {}): Decision {
    const exclude = asSet(options.exclude);
    this.#admission.refuseIfUnreachable({
      now,
      deadlineMs: options.deadlineMs ?? this.#plan.objective.deadlineMs,
      exclude,
      ejectedToo: false,
      leastAccuracy: this.#balance.leastAccuracy,
      overdue: this.#balance.overdue,
      retry: exclude.size > 0,
      localWaitMs: this.#local.waitMs(now),
    });
    // A retry is not a new arrival.
    if (exclude.size === 0) this.#arrivals.add(now);
    const directive = this.#plan.directive;
    const frame = this.#choosing(this.#plan.table, now, options);

    const planned = this.#plan.planned;
    const obey = directive?.thresholdMs === Infinity;
    const followable =
      planned !== undefined && constraintOn(planned, frame, obey ? 'obeyed' : 'chosen') === undefined;
    if (directive && planned && followable && obey) return this.#obey(planned, directive, frame);

    const plan = planned && choiceOf(planned, frame);
    const found = cheapest(this.#plan.table, frame, this.#random);
    if (found) this.#exploration.earn(predictedMs(found.action, frame));
    if (directive && plan && found && followable) {
      const excessMs = plan.costMs - found.costMs;
      const thresholdMs = this.#overloads(plan.action, now) ? 0 : directive.thresholdMs;
      const worth = excessMs <= thresholdMs || (directive.explored && this.#exploration.affords(excessMs));
      if (worth && (!plan.late || found.late)) {
        if (excessMs > thresholdMs) this.#exploration.spend(excessMs);
        const reason = directive.explored ? 'explored' : 'planned';
        return this.#decide({ ...plan, oneLookMs: found.oneLookMs }, reason, plan.costMs, frame);
      }
    }
    if (found) {
      const reason = directive && followable ? 'deviated' : 'fallback';
      return this.#decide(found, reason, plan?.costMs ?? found.costMs, frame);
    }

    for (const [table, ejectedToo] of this.#plan.resorts) {
      const own = this.#choosing(table, now, options, ejectedToo);
      const rescue = cheapest(table, own, this.#random);
      if (rescue) return this.#decide(rescue, 'fallback', plan?.costMs ?? rescue.costMs, own);
    }
    throw refusal(this.#plan.allActions, (action) => constraintOn(action, frame, 'chosen'), {
      objective: this.#plan.objective,
      balance: this.#balance.balance,
    });
  }

  lookAgain(
    decision: Decision,
    settlement: Settlement,
    now: number,
    options: DispatchOptions = {},
  ): Decision | undefined {
    const commitment = decision instanceof OpenDecision ? decision.close() : undefined;
    if (!commitment) return undefined;
    this.#returned(decision, commitment, settlement, now);
    const { secondLook, reservation } = commitment;
    if (!secondLook) {
      this.#balance.answered(reservation);
      return undefined;
    }
    const place = this.#placeOf(secondLook, now, options);
    if (!place) {
      this.#balance.answered(reservation, secondLook.shortfall);
      return undefined;
    }
    const { action, frame } = place;
    const ms = processingCostMs(action, frame);
    return this.#commit(
      action,
      'unsure',
      {
        accuracy: decision.accuracy,
        costMs: ms,
        plannedCostMs: ms,
        savedMs: 0,
        reservation,
        secondLook,
        lookAgain: undefined,
        first: decision,
      },
      frame,
    );
  }

  /** Where a second look goes: as an obeyed plan says, else to the cheapest place that is in time. */
  #placeOf(
    { variant, placement }: SecondLook,
    now: number,
    options: DispatchOptions,
  ): { readonly action: DispatchAction; readonly frame: Frame } | undefined {
    for (const [table, ejectedToo] of [[this.#plan.table, false] as const, ...this.#plan.resorts]) {
      const seconds = table.secondLooks?.by(variant);
      if (!seconds) continue;
      const frame = this.#frame(table, now, options, ejectedToo);
      // What the plan knows to be too slow is no quicker by another table.
      if (!seconds.anywhere(frame)) continue;
      const planned = placement && seconds.at(placement.nodeId, frame, frame.deadlineMs);
      const action = planned ?? seconds.cheapest(frame, frame.deadlineMs);
      return action && { action, frame };
    }
    return undefined;
  }

  #obey(planned: DispatchAction, { explored, secondLook: asked }: Directive, frame: Frame): Decision {
    const step =
      asked && asked.curves === this.#plan.curves
        ? planned.after?.stepOf(asked.placement.variant, asked.marginBelow)
        : undefined;
    const look = step && { variant: asked!.placement.variant, step, placement: asked!.placement };
    const ms = costMs(planned, frame);
    return this.#reserve(
      planned,
      explored ? 'explored' : 'planned',
      { costMs: ms, plannedCostMs: ms, savedMs: 0, look },
      frame,
    );
  }

  probe(now: number): Decision | undefined {
    for (const tracker of this.#targets) {
      if (!tracker.outliers.any || !tracker.isUsable(now)) continue;
      const actions = this.#plan.allActions.filter(
        (action) => action.tracker === tracker && action.tierAllowed,
      );
      const variant = actions.length > 0 ? tracker.outliers.probeDue(now) : undefined;
      if (variant === undefined) continue;
      const suspect = actions.find(({ cost }) => cost.placement.variant === variant) ?? actions[0]!;
      const frame = this.#frame(this.#plan.table, now, {}, true);
      tracker.refresh(now, false);
      const ms = costMs(suspect, frame);
      const { accuracy } = suspect.cost;
      const costs = { accuracy, costMs: ms, plannedCostMs: ms, savedMs: 0 };
      const nothing = {
        reservation: nothingReserved,
        secondLook: undefined,
        lookAgain: undefined,
        first: undefined,
      };
      return this.#commit(suspect, 'fallback', { ...costs, ...nothing }, frame);
    }
    return undefined;
  }

  settle(decision: Decision, settlement: Settlement, now: number): void {
    const commitment = decision instanceof OpenDecision ? decision.close() : undefined;
    if (!commitment) return;
    if (settlement.ok) this.#balance.answered(commitment.reservation);
    else this.#balance.refund(commitment.reservation);
    this.#returned(decision, commitment, settlement, now);
  }

  /** A look is over: its work is no longer under way, and its end says something about its target. */
  #returned(decision: Decision, commitment: Commitment, settlement: Settlement, now: number): void {
    const { tracker, work, ownMs } = commitment;
    const { ok, responseMs, queueMs, soonestAnswerAt } = settlement;
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
    const { trackers, actions } = this.#plan.table;
    const limits = {
      node: () =>
        2 * (trackers.filter(({ outliers }) => outliers.ejection).length + 1) <= trackers.length + 1,
      variants: () => actions.filter((action) => action.tracker === tracker).length,
      somethingFaster: () => {
        const frame = this.#choosing(this.#plan.table, now, { exclude: [tracker.nodeId] });
        const other = cheapest(this.#plan.table, frame, this.#random);
        return other !== undefined && predictedMs(other.action, frame) < observed.tookMs;
      },
    };
    const change = tracker.outliers.observe(observed, limits, now);
    if (change) this.#onEjection(change);
  }

  status(now: number): DispatchStatus {
    return {
      directiveVersion: this.#plan.directive?.version ?? 0,
      learner: this.#plan.directive?.learner ?? '',
      planned: this.#plan.directive?.planned,
      leaseExpired: this.#plan.leaseExpired(now),
      objective: this.#plan.objective,
      balance: this.#balance.report(),
      accuracyPriceMs: this.#priceMs(this.#plan.table),
      framesPerSecond: 1_000 * this.#arrivals.perMs(now),
      arrivalVariability: this.#arrivals.variability,
      targets: this.#targets.status(now),
    };
  }

  /** With the second looks that are best for it. */
  #choosing(table: ActionTable, now: number, options: DispatchOptions, ejectedToo = false): Frame {
    const frame = this.#frame(table, now, options, ejectedToo);
    table.secondLooks?.refresh(frame);
    return frame;
  }

  #frame(
    table: ActionTable,
    now: number,
    { deadlineMs, exclude }: DispatchOptions,
    ejectedToo = false,
  ): Frame {
    const { regular, quietMs } = this.#arrivals;
    for (const tracker of table.trackers) tracker.refresh(now, regular);
    return {
      now,
      deadlineMs: deadlineMs ?? this.#plan.objective.deadlineMs,
      exclude: asSet(exclude),
      objective: this.#plan.objective,
      priceMs: this.#priceMs(table),
      local: {
        slots: this.#local.slots,
        waitMs: this.#local.waitMs(now),
        congestionPerMs: this.#local.congestionPerMs(now),
        quietMs,
      },
      weighed: regular ? this.#plan.planned : undefined,
      ejectedToo,
      leastAccuracy: this.#balance.leastAccuracy,
      overdue: this.#balance.overdue,
    };
  }

  /** Whether the device's own processor could not keep up if every frame followed the plan: then θ is 0. */
  #overloads({ tracker, cost }: DispatchAction, now: number): boolean {
    return !tracker && this.#arrivals.perMs(now) * cost.serviceMs > OVERLOAD * this.#local.slots;
  }

  /** μ, from the plan's μ₀, or the table's where the plan has none. */
  #priceMs(table: ActionTable): number {
    return this.#balance.priceMs(this.#plan.directive?.accuracyPriceMs || table.ownPriceMs);
  }

  #decide(
    { action, costMs, after, oneLookMs }: Best,
    reason: Reason,
    plannedCostMs: number,
    frame: Frame,
  ): Decision {
    const look = after?.step && { variant: after.variant, step: after.step, placement: undefined };
    const savedMs = look && oneLookMs < Infinity ? Math.max(0, oneLookMs - costMs) : 0;
    return this.#reserve(action, reason, { costMs, plannedCostMs, savedMs, look }, frame);
  }

  /** Reserves the accuracy that a first look promises, with the second that may follow. */
  #reserve(
    action: DispatchAction,
    reason: Reason,
    { costMs, plannedCostMs, savedMs, look }: Costs & { readonly look: ChosenLook | undefined },
    frame: Frame,
  ): Decision {
    const accuracy = action.cost.accuracy + (look?.step.gain ?? 0);
    const reservation = this.#balance.reserve(accuracy);
    const secondLook = look && secondLookOf(look);
    const lookAgain = look && { variant: look.variant, marginBelow: look.step.marginBelow };
    const promised = {
      accuracy,
      costMs,
      plannedCostMs,
      savedMs,
      reservation,
      secondLook,
      lookAgain,
      first: undefined,
    };
    return this.#commit(action, reason, promised, frame);
  }

  #commit(action: DispatchAction, reason: Reason, promised: Promised, frame: Frame): Decision {
    const directive = this.#plan.directive;
    const { cost, tracker } = action;
    const { accuracy, costMs, plannedCostMs, savedMs, reservation, secondLook, lookAgain, first } = promised;
    const work = tracker?.sent(cost.serviceMs, frame.now);
    if (!tracker) this.#local.sent(cost.serviceMs, frame.now);
    const asPlanned = reason === 'planned' || reason === 'explored';
    return new OpenDecision(
      {
        placement: cost.placement,
        reason,
        predictedMs: predictedMs(action, frame),
        costMs,
        plannedCostMs,
        savedMs,
        accuracy,
        // A second look belongs to the plan of its frame, whatever has come since.
        directiveVersion: first?.directiveVersion ?? directive?.version ?? 0,
        learner: first?.learner ?? directive?.learner ?? '',
        leaseExpired: this.#plan.leaseExpired(frame.now),
        balance: this.#balance.balance,
        propensity: asPlanned ? directive!.propensity : 1,
        lookAgain,
      },
      {
        tracker,
        work,
        reservation,
        ownMs: cost.serviceMs + cost.networkMs,
        obeyed: asPlanned && directive?.thresholdMs === Infinity,
        secondLook,
      },
    );
  }

  #configureBalance(): void {
    const { objective, table } = this.#plan;
    this.#balance.configure({ floor: objective.accuracyFloor, best: table.bestAccuracy });
  }

  #networkMs(nodeId: string): number {
    return this.#plan.table.actions.find(({ cost }) => cost.placement.nodeId === nodeId)?.cost.networkMs ?? 0;
  }
}

const secondLookOf = ({ variant, step, placement }: ChosenLook): SecondLook => ({
  variant,
  shortfall: step.gain / step.share,
  placement,
});

/** A probe's: it earns and spends nothing. */
const nothingReserved: Reservation = { debit: 0, credit: 0, account: -1 };

const nothing: ReadonlySet<string> = new Set();
const asSet = (ids: DispatchOptions['exclude'] = nothing): ReadonlySet<string> =>
  ids instanceof Set ? (ids as ReadonlySet<string>) : new Set(ids);
