import type { Reason } from '@weir/domain';
import type { AccuracyBalance, Reservation } from './accuracy-balance.ts';
import { costMs, type Frame, predictedMs } from './cost.ts';
import {
  type Chosen,
  type ChosenLook,
  type Commitment,
  type Decision,
  OpenDecision,
  type Promised,
  type SecondLook,
} from './decision.ts';
import type { DispatchAction, PricedAction } from './dispatch-action.ts';
import type { LocalQueue } from './local-queue.ts';
import type { PlanInForce } from './plan-in-force.ts';

/** Turns choices into decisions, with what each holds until it is settled: accuracy, and work at a node. */
export class Commitments {
  readonly #plan: PlanInForce;
  readonly #balance: AccuracyBalance;
  readonly #local: LocalQueue;

  constructor(plan: PlanInForce, balance: AccuracyBalance, local: LocalQueue) {
    this.#plan = plan;
    this.#balance = balance;
    this.#local = local;
  }

  /** A first look: reserves the accuracy that it promises with the second that may follow. */
  first(
    action: DispatchAction,
    reason: Reason,
    { costMs: ms, plannedCostMs, savedMs, look, trial, owing }: Chosen,
    frame: Frame,
  ): Decision {
    const accuracy = action.cost.accuracy + (look?.step.gain ?? 0);
    const promised = {
      accuracy,
      costMs: ms,
      plannedCostMs,
      savedMs,
      reservation: this.#balance.reserve(accuracy, { owing }),
      secondLook: look && secondLookOf(look),
      lookAgain: look && { variant: look.variant, marginBelow: look.step.marginBelow },
      first: undefined,
      trial,
    };
    return this.#commit(action, reason, promised, frame);
  }

  /** A second look, on what the first has reserved. */
  second(
    action: PricedAction,
    first: Decision,
    { reservation, secondLook }: Commitment,
    frame: Frame,
  ): Decision {
    const promised = {
      accuracy: first.accuracy,
      costMs: action.processingMs,
      plannedCostMs: action.processingMs,
      savedMs: 0,
      reservation,
      secondLook,
      lookAgain: undefined,
      first,
    };
    return this.#commit(action, 'unsure', promised, frame);
  }

  /** A copy of a frame: it earns and spends nothing. */
  copy(action: DispatchAction, frame: Frame, reason: 'fallback' | 'explored'): Decision {
    const ms = costMs(action, frame);
    const promised = {
      accuracy: action.cost.accuracy,
      costMs: ms,
      plannedCostMs: ms,
      savedMs: 0,
      reservation: nothingReserved,
      secondLook: undefined,
      lookAgain: undefined,
      first: undefined,
    };
    return this.#commit(action, reason, promised, frame);
  }

  /** An audit, which nobody waits for: it holds nothing, and settling it changes nothing. */
  audit({ cost, responseMs, processingMs }: PricedAction, { now }: Frame): Decision {
    const directive = this.#plan.directive;
    return {
      placement: cost.placement,
      reason: 'audit',
      predictedMs: responseMs,
      costMs: processingMs,
      plannedCostMs: processingMs,
      savedMs: 0,
      accuracy: cost.accuracy,
      lookAgain: undefined,
      directiveVersion: directive?.version ?? 0,
      learner: directive?.learner ?? '',
      leaseExpired: this.#plan.leaseExpired(now),
      balance: this.#balance.balance,
      propensity: 1,
    };
  }

  #commit(action: DispatchAction, reason: Reason, promised: Promised, frame: Frame): Decision {
    const directive = this.#plan.directive;
    const { cost, tracker } = action;
    const { accuracy, costMs: ms, plannedCostMs, savedMs, first } = promised;
    const work = tracker?.sent(cost.serviceMs, frame.now);
    if (!tracker) this.#local.sent(cost.serviceMs, frame.now);
    const asPlanned = reason === 'planned' || reason === 'explored';
    return new OpenDecision(
      {
        placement: cost.placement,
        reason,
        predictedMs: predictedMs(action, frame),
        costMs: ms,
        plannedCostMs,
        savedMs,
        accuracy,
        // A second look belongs to the plan of its frame, whatever has come since.
        directiveVersion: first?.directiveVersion ?? directive?.version ?? 0,
        learner: first?.learner ?? directive?.learner ?? '',
        leaseExpired: this.#plan.leaseExpired(frame.now),
        balance: this.#balance.balance,
        propensity: asPlanned ? directive!.propensity : 1,
        lookAgain: promised.lookAgain,
        trial: promised.trial,
      },
      {
        tracker,
        work,
        reservation: promised.reservation,
        ownMs: cost.serviceMs + cost.networkMs,
        obeyed: asPlanned && directive?.thresholdMs === Infinity,
        secondLook: promised.secondLook,
      },
    );
  }
}

const secondLookOf = ({ variant, step, placement }: ChosenLook): SecondLook => ({
  variant,
  shortfall: step.gain / step.share,
  placement,
});

const nothingReserved: Reservation = { debit: 0, credit: 0, owed: 0, account: -1 };
