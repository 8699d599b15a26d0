import type { Objective } from './objective.ts';
import type { AccuracyCorrection } from './accuracy-correction.ts';
import type { Placement, Tier } from './placement.ts';

/** Expected cost of one action for one device, as learned. */
export interface ActionCost {
  readonly placement: Placement;
  /** Expected accuracy, 0..1 (a lower confidence bound where it is estimated). */
  readonly accuracy: number;
  /** s: decode and compute without waiting, ms. */
  readonly serviceMs: number;
  /** Network, both ways, ms; 0 when local. */
  readonly networkMs: number;
  readonly energyJ: number;
}

/** A second look as planned. */
export interface PlannedLook {
  readonly placement: Placement;
  /** Frames whose first look has a smaller margin get it: a step of the curve of both variants. */
  readonly marginBelow: number;
  /** Version of the curves it was planned by: an agent with others leaves it out. */
  readonly curves: string;
}

/** What an agent does until the next directive: pushed, versioned, valid until a lease runs out. */
export interface Directive {
  /** Which run of the policy made it. Versions are compared within one instance; a new one is taken whatever its clock says. */
  readonly instanceId: string;
  readonly version: number;
  /** Rises with each owner of the cell, where many policies share the cells; absent: not compared. */
  readonly ownerEpoch?: number;
  /** How long the agent may leave its state untold while that stays about the same, ms. @default 0, every second */
  readonly statePauseMs?: number;
  /** Least time between two messages of outcomes, ms. @default 0, the agent's own choice */
  readonly outcomePauseMs?: number;
  readonly leaseMs: number;
  readonly learner: string;
  readonly planned: Placement;
  /** Which frames are looked at again where, when the plan is obeyed; absent: none. Otherwise the agent chooses for each. */
  readonly secondLook?: PlannedLook;
  /** θ, ms: deviate when cost(planned) − min cost > θ. Infinity: obey. */
  readonly thresholdMs: number;
  readonly explored: boolean;
  /** With which the learner chose `planned`, over its own chance, 0..1; 0: not known. */
  readonly propensity: number;
  readonly actions: readonly ActionCost[];
  /** μ₀: price of accuracy at half balance, ms per unit of accuracy; the multiplier of the floor in the plan's problem. */
  readonly accuracyPriceMs: number;
  /** Of the cell, tightened by the device's own as the policy knows it. */
  readonly objective: Objective;
  /** What the cell allows, whatever the device asks; absent: the tiers of `objective`. */
  readonly cellTiers?: readonly Tier[];
  readonly ledger: BalanceLedger;
  readonly predictedMs: number;
  /** What the cell's pictures differ by from those of the curves; absent: nothing. `actions` are corrected already. */
  readonly correction?: AccuracyCorrection;
}

/** Transfers of accuracy balance as running totals within one ledger, in frames × accuracy. */
export interface BalanceLedger {
  readonly ledgerId: string;
  readonly creditTotal: number;
  readonly debitRequestedTotal: number;
}

/** The state of one device's balance, in frames × accuracy. */
export interface BalanceReport {
  readonly ledgerId: string;
  readonly balance: number;
  readonly cap: number;
  readonly debitedTotal: number;
  readonly creditedTotal: number;
}
