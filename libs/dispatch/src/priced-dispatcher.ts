import type { Random } from '@weir/base';
import type { ActionCost, ComputeNode, Directive, NodeLoad, Objective, Reason } from '@weir/domain';
import type { ActionTable } from './action-table.ts';
import { AccuracyBalance } from './accuracy-balance.ts';
import { Admission } from './admission.ts';
import { auditPlaces } from './audit-places.ts';
import { withCanary } from './canary-place.ts';
import { ArrivalMeter } from './arrivals.ts';
import { type Best, cheapest, type Choice, choiceOf, prepare } from './choice.ts';
import { Commitments } from './commitments.ts';
import { constraintOn, type Lift, refusal } from './constraints.ts';
import { costMs, type Frame, predictedMs } from './cost.ts';
import { type Chosen, type Commitment, type Decision, OpenDecision, type SecondLook } from './decision.ts';
import type { DispatchAction, PricedAction } from './dispatch-action.ts';
import type {
  Account,
  DispatchFamily,
  DispatchOptions,
  DispatchStatus,
  Dispatcher,
  DispatcherOptions,
  Hedge,
  Settlement,
} from './dispatcher.ts';
import { Ejections } from './ejections.ts';
import { type Explanation, explain } from './explanation.ts';
import { ExplorationBudget } from './exploration-budget.ts';
import { asSet, Frames } from './frames.ts';
import { HedgeBudget } from './hedge-budget.ts';
import { energyOf, hedgePlace, mayBeLate } from './hedge-place.ts';
import { LinkChecks } from './link-checks.ts';
import { LocalQueue } from './local-queue.ts';
import { PlanInForce } from './plan-in-force.ts';
import { Targets } from './targets.ts';
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
  readonly #hedges: HedgeBudget;
  readonly #admission: Admission;
  readonly #frames: Frames;
  readonly #commitments: Commitments;
  readonly #ejections: Ejections;
  readonly #linkChecks: LinkChecks;
  /** The last frame, while nothing was priced for it. */
  #refused: { readonly now: number; readonly options: DispatchOptions } | undefined;
  /** What the last frame was chosen from. */
  #priced: { readonly table: ActionTable; readonly frame: Frame; readonly lift: Lift } | undefined;

  constructor(options: DispatcherOptions) {
    const { localNode, variants, looks, objective, undirectedTiers, random, onEjection } = options;
    const { now = 0, hedgeShare = 0 } = options;
    this.#hedges = new HedgeBudget(hedgeShare);
    this.#arrivals = new ArrivalMeter(now);
    this.#localNode = localNode;
    this.#random = random;
    this.#local = new LocalQueue(localNode.slots);
    const trackerOf = (nodeId: string) => this.#targets.of(nodeId);
    this.#plan = new PlanInForce({ localNode, variants, looks, objective, undirectedTiers, trackerOf });
    this.#admission = new Admission(this.#plan, this.#arrivals);
    this.#frames = new Frames(this.#plan, this.#balance, this.#arrivals, this.#local);
    this.#commitments = new Commitments(this.#plan, this.#balance, this.#local);
    this.#ejections = new Ejections(this.#plan, this.#frames, random, onEjection);
    this.#linkChecks = new LinkChecks(this.#plan, this.#frames);
    this.#configureBalance();
  }

  applyDirective(directive: Directive, now: number): void {
    if (!this.#plan.apply(directive, now)) return;
    this.#configureBalance();
    this.#balance.applyLedger(directive.ledger);
    this.#forgetGone();
  }

  renewLease(version: number, now: number): void {
    this.#plan.renewLease(version, now);
  }

  setFallbackActions(actions: readonly ActionCost[]): void {
    this.#plan.setFallbackActions(actions);
    this.#configureBalance();
    this.#forgetGone();
  }

  setOwnObjective(objective: Partial<Objective> | undefined): void {
    this.#plan.setOwnObjective(objective);
    this.#configureBalance();
  }

  setFamily(family: DispatchFamily): void {
    this.#plan.setFamily(family);
    this.#configureBalance();
  }

  reportLoad(load: NodeLoad, now: number): void {
    if (load.nodeId === this.#localNode.id) this.#local.report(load, now);
    else this.#targets.known(load.nodeId).report(load, now, this.#networkMs(load.nodeId));
  }

  setReachable(nodeId: string, reachable: boolean, now: number): void {
    const tracker = reachable ? this.#targets.known(nodeId) : this.#targets.of(nodeId);
    tracker.setReachable(reachable, now);
  }

  leaveTarget(nodeId: string, now: number): void {
    this.#targets.leave(nodeId, now);
  }

  #forgetGone(): void {
    const named = new Set(this.#plan.allActions.map(({ cost }) => cost.placement.nodeId));
    this.#targets.forgetUnless((nodeId) => named.has(nodeId));
  }

  setForeign(nodeId: string, variants: ReadonlySet<string>): void {
    this.#targets.of(nodeId).foreign = variants;
  }

  probesDue(now: number): string[] {
    return [...this.#targets].filter((tracker) => tracker.probeDue(now)).map(({ nodeId }) => nodeId);
  }

  dispatch(now: number, options: DispatchOptions = {}): Decision {
    const { table, directive, planned, objective } = this.#plan;
    const exclude = asSet(options.exclude);
    this.#priced = undefined;
    this.#refused = { now, options };
    const { regular } = this.#arrivals;
    this.#frames.refresh(table, now);
    this.#admission.refuseIfUnreachable({
      now,
      deadlineMs: options.deadlineMs ?? objective.deadlineMs,
      exclude,
      ejectedToo: false,
      leastAccuracy: this.#frames.leastAccuracy(options),
      variant: options.variant,
      overdue: this.#balance.overdue,
      retry: exclude.size > 0,
      localWaitMs: this.#local.waitMs(now),
    });
    // A retry is not a new arrival.
    if (exclude.size === 0) this.#arrivals.add(now);
    // How regular arrivals are tells what waits to expect.
    if (this.#arrivals.regular !== regular) this.#frames.refresh(table, now);
    const frame = this.#frames.of(table, now, options);
    prepare(table, frame);

    const asks = options.variant !== undefined || options.leastAccuracy !== undefined;
    const obey = directive?.thresholdMs === Infinity && !asks;
    this.#priced = { table, frame, lift: obey ? 'obeyed' : 'chosen' };
    const followable =
      planned !== undefined && constraintOn(planned, frame, obey ? 'obeyed' : 'chosen') === undefined;
    if (directive && planned && followable && obey) return this.#obey(planned, directive, frame, options);

    const plan = planned && choiceOf(planned, frame);
    const found = cheapest(table, frame, this.#random);
    if (found) this.#exploration.earn(predictedMs(found.action, frame));
    if (directive && plan && found && followable) {
      const excessMs = plan.costMs - found.costMs;
      const thresholdMs = this.#overloads(plan, now) ? 0 : directive.thresholdMs;
      const worth = excessMs <= thresholdMs || (directive.explored && this.#exploration.affords(excessMs));
      if (worth && (!plan.late || found.late)) {
        if (excessMs > thresholdMs) this.#exploration.spend(excessMs);
        const reason = directive.explored ? 'explored' : 'planned';
        return this.#decide({ ...plan, oneLookMs: found.oneLookMs }, reason, plan.costMs, frame, options);
      }
    }
    if (found) {
      const reason = directive && followable ? 'deviated' : 'fallback';
      return this.#decide(found, reason, plan?.costMs ?? found.costMs, frame, options);
    }

    for (const [resort, ejectedToo] of this.#plan.resorts) {
      const own = this.#frames.choosing(resort, now, options, ejectedToo);
      const rescue = cheapest(resort, own, this.#random);
      if (rescue) this.#priced = { table: resort, frame: own, lift: 'chosen' };
      if (rescue) return this.#decide(rescue, 'fallback', plan?.costMs ?? rescue.costMs, own, options);
    }
    throw refusal(this.#plan.allActions, (action) => constraintOn(action, frame, 'chosen'), {
      objective,
      allowedTiers: this.#plan.allowedTiers,
      balance: this.#balance.balance,
      frame,
    });
  }

  explain(): Explanation | undefined {
    const { table: own } = this.#plan;
    const priced =
      this.#priced ??
      (this.#refused && {
        table: own,
        frame: this.#frames.choosing(own, this.#refused.now, this.#refused.options),
        lift: 'chosen' as const,
      });
    if (!priced) return undefined;
    const { table, frame, lift } = priced;
    const { planned, thresholdMs = 0 } = this.#plan.directive ?? {};
    return explain(table, frame, { planned, thresholdMs, lift });
  }

  hedge(decision: Decision, now: number, options: DispatchOptions = {}): Hedge | undefined {
    const { directive, table } = this.#plan;
    const { placement } = decision;
    if (placement.tier === 'device' || directive?.thresholdMs === Infinity) return undefined;
    const { spread } = this.#targets.of(placement.nodeId);
    const { predictedMs: targetMs } = decision;
    const { deadlineMs = this.#plan.objective.deadlineMs } = options;
    if (!mayBeLate({ predictedMs: targetMs, spread }, deadlineMs)) return undefined;
    const frame = this.#frames.fresh(table, now, options);
    const action = hedgePlace(table, frame);
    if (!action || !this.#hedges.spend(action.cost.serviceMs)) return undefined;
    const ms = costMs(action, frame);
    const costs = { costMs: ms, plannedCostMs: decision.plannedCostMs, savedMs: 0, look: undefined };
    return {
      decision: this.#commitments.first(action, 'fallback', costs, frame),
      energyJ: { own: action.cost.energyJ, target: energyOf(table, placement) },
    };
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
    return this.#commitments.second(place.action, decision, commitment, place.frame);
  }

  /** Where a second look goes: as an obeyed plan says, else to the cheapest place that is in time. */
  #placeOf(
    { variant, placement }: SecondLook,
    now: number,
    options: DispatchOptions,
  ): { readonly action: PricedAction; readonly frame: Frame } | undefined {
    for (const [table, ejectedToo] of [[this.#plan.table, false] as const, ...this.#plan.resorts]) {
      const seconds = table.secondLooks?.by(variant);
      if (!seconds) continue;
      const frame = this.#frames.fresh(table, now, options, ejectedToo);
      seconds.price(frame);
      // What the plan knows to be too slow is no quicker by another table.
      if (!seconds.anywhere) continue;
      const planned = placement && seconds.at(placement.nodeId, frame.deadlineMs);
      const action = planned ?? seconds.cheapest(frame.deadlineMs);
      return action && { action, frame };
    }
    return undefined;
  }

  #obey(
    planned: DispatchAction,
    { explored, secondLook: asked }: Directive,
    frame: Frame,
    options: DispatchOptions,
  ): Decision {
    const step =
      asked && asked.curves === this.#plan.curves
        ? planned.after?.stepOf(asked.placement.variant, asked.marginBelow)
        : undefined;
    const look = step && { variant: asked!.placement.variant, step, placement: asked!.placement };
    const ms = costMs(planned, frame);
    const chosen = { costMs: ms, plannedCostMs: ms, savedMs: 0, look };
    return this.#first(planned, explored ? 'explored' : 'planned', chosen, frame, options);
  }

  probe(now: number): Decision | undefined {
    const suspect = this.#ejections.suspectDue(this.#targets, now);
    if (!suspect) return undefined;
    const frame = this.#frames.fresh(this.#plan.table, now, {}, true);
    suspect.tracker!.refresh(now, false);
    return this.#commitments.copy(suspect, frame, 'fallback');
  }

  linkCheck(now: number): Decision | undefined {
    const due = this.#linkChecks.due(now);
    if (!due) return undefined;
    const decision = this.#commitments.copy(due.action, due.frame, 'explored');
    this.#linkChecks.sent(decision, now);
    return decision;
  }

  audits(variant: string, now: number): readonly Decision[] | undefined {
    const { directive, table } = this.#plan;
    if (directive?.thresholdMs === Infinity) return undefined;
    const frame = this.#frames.fresh(table, now, {});
    return auditPlaces(table, variant, frame)?.map((action) => this.#commitments.audit(action, frame));
  }

  settle(decision: Decision, settlement: Settlement, now: number): void {
    const commitment = decision instanceof OpenDecision ? decision.close() : undefined;
    if (!commitment) return;
    if (settlement.ok) this.#balance.answered(commitment.reservation);
    else this.#balance.refund(commitment.reservation);
    this.#returned(decision, commitment, settlement, now);
    this.#linkChecks.ended(decision, settlement, now);
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
    this.#ejections.judge(
      tracker,
      { variant, verdict, sentAt: work.at, tookMs: responseMs ?? Infinity },
      now,
    );
  }

  account(): Account {
    return {
      objective: this.#plan.objective,
      balance: this.#balance.report(),
      shortfall: this.#plan.directive?.correction?.shortfall ?? 0,
    };
  }

  status(now: number): DispatchStatus {
    return {
      ...this.account(),
      directiveVersion: this.#plan.directive?.version ?? 0,
      learner: this.#plan.directive?.learner ?? '',
      planned: this.#plan.directive?.planned,
      leaseExpired: this.#plan.leaseExpired(now),
      obeys: this.#plan.directive?.thresholdMs === Infinity,
      accuracyPriceMs: this.#frames.priceMs(this.#plan.table),
      framesPerSecond: 1_000 * this.#arrivals.perMs(now),
      arrivalVariability: this.#arrivals.variability,
      targets: this.#targets.status(now),
    };
  }

  /** Whether the device's own processor could not keep up if every frame followed the plan: then θ is 0. */
  #overloads({ action: { tracker, cost }, after }: Choice, now: number): boolean {
    const second = after?.step && this.#plan.table.secondLooks?.by(after.variant)?.cheapest();
    const secondMs = second && !second.tracker ? after.step.share * second.cost.serviceMs : 0;
    const workMs = (tracker ? 0 : cost.serviceMs) + secondMs;
    return this.#arrivals.perMs(now) * workMs > OVERLOAD * this.#local.slots;
  }

  #decide(
    { action, costMs, after, oneLookMs }: Best,
    reason: Reason,
    plannedCostMs: number,
    frame: Frame,
    options: DispatchOptions,
  ): Decision {
    this.#hedges.earn(action.cost.serviceMs);
    const look = after?.step && { variant: after.variant, step: after.step, placement: undefined };
    const savedMs = look && oneLookMs < Infinity ? Math.max(0, oneLookMs - costMs) : 0;
    return this.#first(action, reason, { costMs, plannedCostMs, savedMs, look }, frame, options);
  }

  #first(
    action: DispatchAction,
    reason: Reason,
    chosen: Chosen,
    frame: Frame,
    options: DispatchOptions,
  ): Decision {
    const [first, how] = withCanary(action, chosen, { plan: this.#plan, frame, options });
    return this.#commitments.first(first, reason, how, frame);
  }

  #configureBalance(): void {
    const { objective, table, directive } = this.#plan;
    const { accuracyFloor } = objective;
    const best = table.bestAccuracy;
    // No correction has frames refused: where it is too much for the floor, the best that there is has to do.
    const floor = directive?.correction && best > 0 ? Math.min(accuracyFloor, best) : accuracyFloor;
    this.#balance.configure({ floor, best });
  }

  #networkMs(nodeId: string): number {
    return this.#plan.table.actions.find(({ cost }) => cost.placement.nodeId === nodeId)?.cost.networkMs ?? 0;
  }
}
