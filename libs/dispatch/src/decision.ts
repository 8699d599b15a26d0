import type { Placement, Reason } from '@weir/domain';
import type { Booking } from './accuracy-balance.ts';
import type { TierTracker, WorkInFlight } from './tier-tracker.ts';

/** The agent's choice for one frame. Times in ms. */
export interface Decision {
  readonly placement: Placement;
  readonly reason: Reason;
  /** Response time expected: wait, service and network. */
  readonly predictedMs: number;
  /** The chosen action's cost in the rule: response, congestion, energy and the price of accuracy. */
  readonly costMs: number;
  /** The planned action's cost in the rule; equal to `costMs` when it was followed or no plan is in force. */
  readonly plannedCostMs: number;
  /** Expected accuracy of the variant, 0..1. */
  readonly accuracy: number;
  /** 0 when no directive is in force. */
  readonly directiveVersion: number;
  /** Empty when no directive is in force. */
  readonly learner: string;
  readonly leaseExpired: boolean;
  /** Accuracy balance after this frame was booked, frames × accuracy, >= 0. */
  readonly balance: number;
  /** Probability with which the learner chose this placement; 1 when the agent chose it. */
  readonly propensity: number;
}

/** What `settle` needs of a decision. */
export interface Account {
  readonly tracker: TierTracker | undefined;
  readonly work: WorkInFlight | undefined;
  readonly booking: Booking;
}

/** A decision with what it has booked; it can be closed once. */
export class OpenDecision implements Decision {
  readonly placement: Placement;
  readonly reason: Reason;
  readonly predictedMs: number;
  readonly costMs: number;
  readonly plannedCostMs: number;
  readonly accuracy: number;
  readonly directiveVersion: number;
  readonly learner: string;
  readonly leaseExpired: boolean;
  readonly balance: number;
  readonly propensity: number;
  readonly #account: Account;
  #open = true;

  constructor(decision: Decision, account: Account) {
    this.placement = decision.placement;
    this.reason = decision.reason;
    this.predictedMs = decision.predictedMs;
    this.costMs = decision.costMs;
    this.plannedCostMs = decision.plannedCostMs;
    this.accuracy = decision.accuracy;
    this.directiveVersion = decision.directiveVersion;
    this.learner = decision.learner;
    this.leaseExpired = decision.leaseExpired;
    this.balance = decision.balance;
    this.propensity = decision.propensity;
    this.#account = account;
  }

  /** The account, the first time; undefined when it has been closed before. */
  close(): Account | undefined {
    if (!this.#open) return undefined;
    this.#open = false;
    return this.#account;
  }
}
