import type { ActionCost, LookStep } from '@weir/domain';
import type { TierTracker } from './tier-tracker.ts';

/** One action and what about it stays the same from frame to frame. */
export interface DispatchAction {
  readonly cost: ActionCost;
  /** Undefined on the device itself. */
  readonly tracker: TierTracker | undefined;
  readonly tierAllowed: boolean;
  /** Price of the action's energy, ms. */
  readonly energyPriceMs: number;
  /** Accuracy it gives up against the best action of the table, >= 0. */
  readonly deficit: number;
  /** Second looks after this one; undefined when none gains anything. */
  readonly after: LookChoice | undefined;
}

/** An action with what `price` (pricing.ts) last found for it, for one frame. */
export interface PricedAction extends DispatchAction {
  /** True when nothing but the floor forbids it. */
  open: boolean;
  /** Expected response time, ms. */
  responseMs: number;
  /** Cost without lost accuracy, ms. */
  processingMs: number;
  /** The same with it, ms. */
  costMs: number;
}

/** The second looks after a first by one variant, and the one that is best for the present frame (second-looks.ts). Times in ms. */
export interface LookChoice {
  /** Largest gain of any curve. */
  readonly mostGain: number;
  /** What a second look takes at least. */
  readonly leastMs: number;
  /** Every step of every curve, with what its second look takes at least. */
  readonly options: readonly { readonly step: LookStep; readonly leastMs: number }[];
  /** The chosen step; undefined: the first look stands. Then the rest means nothing. */
  readonly step: LookStep | undefined;
  /** Variant of the second look. */
  readonly variant: string;
  /** E · c_e − μ · G. */
  readonly costMs: number;
  /** Expected time of the second look alone. */
  readonly secondMs: number;
  /** True when the balance does not cover the first look alone. */
  readonly needed: boolean;
  /** The step of the curve to `variant` at `marginBelow`. */
  stepOf(variant: string, marginBelow: number): LookStep | undefined;
}
