import type { LookStep, Placement, Reason } from '@weir/domain';
import type { Reservation } from './accuracy-balance.ts';
import type { TierTracker, WorkInFlight } from './tier-tracker.ts';

/** The second look that a frame gets when its first is unsure. */
export interface LookAgain {
  readonly variant: string;
  /** It is due when the first look's margin is smaller, > 0. */
  readonly marginBelow: number;
}

/** The agent's choice for one look at a frame. Times in ms. */
export interface Decision {
  readonly placement: Placement;
  readonly reason: Reason;
  /** Expected response time: wait, service and network. */
  readonly predictedMs: number;
  /** Cost of the chosen action by the rule (cost.ts). */
  readonly costMs: number;
  /** Cost of the planned action by the rule; `costMs` when it was followed or no plan is in force. */
  readonly plannedCostMs: number;
  /** What the second look is expected to save, ms: cost of the best action without one, less `costMs`; 0 without one. */
  readonly savedMs: number;
  /** Accuracy promised, 0..1: of the variant, or with the second looks at the least certain frames. */
  readonly accuracy: number;
  /** When and how to look again, in a first look; undefined: its answer stands. */
  readonly lookAgain: LookAgain | undefined;
  /** 0 when no directive is in force. */
  readonly directiveVersion: number;
  /** Empty when no directive is in force. */
  readonly learner: string;
  readonly leaseExpired: boolean;
  /** Accuracy balance after this frame's reservation, frames × accuracy, >= 0. */
  readonly balance: number;
  /** Probability with which the learner chose this placement; 1 when the agent chose it. */
  readonly propensity: number;
  /** The canary in whose trial the frame takes part; `placement` is the canary's, or that of the variant that it stands in for. */
  readonly trial?: string | undefined;
}

/** What a frame holds until it is settled: work at a node and a reservation of accuracy. */
export interface Commitment {
  readonly tracker: TierTracker | undefined;
  readonly work: WorkInFlight | undefined;
  readonly reservation: Reservation;
  /** s + network: the time of its own that the action was expected to take, ms. */
  readonly ownMs: number;
  /** True when the plan was obeyed: its prediction then need not be one. */
  readonly obeyed: boolean;
  /** The second look that may follow, or that this is. */
  readonly secondLook: SecondLook | undefined;
}

/** What placing a second look needs. */
export interface SecondLook {
  readonly variant: string;
  /** Accuracy that a frame loses on average when it does not get the second look it should have. */
  readonly shortfall: number;
  /** Where an obeyed plan wants it; else the cheapest place. */
  readonly placement: Placement | undefined;
}

/** Costs of a look by the rule, ms: of the chosen action and of the planned one. */
export interface Costs {
  readonly costMs: number;
  readonly plannedCostMs: number;
  readonly savedMs: number;
}

/** A step of a curve that a first look is meant to be followed by. */
export interface ChosenLook {
  readonly variant: string;
  readonly step: LookStep;
  /** Where an obeyed plan wants it. */
  readonly placement: Placement | undefined;
}

/** What a first look is chosen with. */
export interface Chosen extends Costs {
  readonly look: ChosenLook | undefined;
  readonly trial?: string | undefined;
  /** The frame takes what the balance covers, and owes the rest. @default false */
  readonly owing?: boolean;
}

/** What a look is sent out with. */
export interface Promised extends Costs {
  readonly trial?: string | undefined;
  readonly accuracy: number;
  readonly reservation: Reservation;
  readonly secondLook: SecondLook | undefined;
  readonly lookAgain: LookAgain | undefined;
  /** Decision on the look before, when this is a second. */
  readonly first: Decision | undefined;
}

/** A decision with its commitment, which can be closed once. */
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
  readonly savedMs: number;
  readonly lookAgain: LookAgain | undefined;
  readonly trial: string | undefined;
  readonly #commitment: Commitment;
  #open = true;

  constructor(decision: Decision, commitment: Commitment) {
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
    this.savedMs = decision.savedMs;
    this.lookAgain = decision.lookAgain;
    this.trial = decision.trial;
    this.#commitment = commitment;
  }

  /** Gives the commitment up the first time, undefined afterwards. */
  close(): Commitment | undefined {
    if (!this.#open) return undefined;
    this.#open = false;
    return this.#commitment;
  }
}
