import type { ActionCost, Objective } from '@weir/domain';
import type { DispatchAction } from './dispatch-action.ts';
import type { TierTracker } from './tier-tracker.ts';

/**
 * The dispatch rule (docs/learning.md, "On the device"): a frame takes the action of least cost,
 *
 *     remote   Ŵ + s + network + κ · (s/c) · (Ŵ + s/2c)                  + μ · deficit
 *     local    U + s + κ_l/2 · [(U + s/c − o)₊² − (U − o)₊²]             + μ · deficit
 *
 * with s service time, c slots of the node, Ŵ its expected wait (tier-tracker.ts), U the device's own queue
 * (local-queue.ts), κ congestion price (NodeLoad), κ_l the device's own (local-queue.ts), o quiet time (arrivals.ts) and
 * μ price of accuracy (accuracy-balance.ts). It stays with the plan unless that saves more than θ (Directive).
 */

/** What all actions of one frame share. Times in ms. */
export interface Frame {
  readonly now: number;
  readonly deadlineMs: number;
  readonly exclude: ReadonlySet<string>;
  readonly objective: Objective;
  /** μ, ms per unit of accuracy. */
  readonly priceMs: number;
  readonly local: {
    /** c. */
    readonly slots: number;
    /** U. */
    readonly waitMs: number;
    /** κ_l, per ms. */
    readonly congestionPerMs: number;
    /** o. */
    readonly quietMs: number;
  };
  /** The planned action when frames arrive like clockwork, else undefined. */
  readonly weighed: DispatchAction | undefined;
  /** True when nothing else is left than what has been ejected. */
  readonly ejectedToo: boolean;
  /** Least accuracy that the balance covers and the frame asks for; it may have less only where the plan is obeyed. */
  readonly leastAccuracy: number;
  /** The one variant that the frame asks for; undefined: any. */
  readonly variant: string | undefined;
  /** True when the device owes so much accuracy that no second look makes up for a first one below the floor. */
  readonly overdue: boolean;
}

/** Response time of an action after a wait, ms. */
export const responseMs = (waitMs: number, { serviceMs, networkMs }: ActionCost): number =>
  waitMs + serviceMs + networkMs;

/** Expected response time, ms: Ŵ + s + network, or U + s on the device. */
export const predictedMs = ({ tracker, cost }: DispatchAction, { local }: Frame): number =>
  responseMs((tracker ?? local).waitMs, cost);

/** The same with the wait that is known for sure, ms. */
export const leastMs = ({ tracker, cost }: DispatchAction, { local }: Frame): number =>
  responseMs(tracker?.leastWaitMs ?? local.waitMs, cost);

/** Cost of an action, ms: response time, the delay it causes to frames behind it, energy and lost accuracy. */
export const costMs = (action: DispatchAction, frame: Frame): number =>
  processingCostMs(action, predictedMs(action, frame), nodeTerms(action.tracker, frame), frame) +
  lostAccuracyMs(action, frame);

/** What an action loses in accuracy, by the price of it, ms. */
export const lostAccuracyMs = (action: DispatchAction, frame: Frame): number =>
  frame.priceMs * action.deficit;

/** What all actions on one node share in one frame. */
export interface NodeTerms {
  /** Ŵ or U, ms. */
  readonly waitMs: number;
  /** c. */
  readonly slots: number;
  /** κ or κ_l, per ms. */
  readonly congestionPerMs: number;
  /** 95th percentile of the response time over its mean. */
  readonly tail: number;
  /** False on the device itself. */
  readonly remote: boolean;
}

export function nodeTerms(tracker: TierTracker | undefined, { local, objective }: Frame): NodeTerms {
  const { waitMs, slots, congestionPerMs } = tracker ?? local;
  const tail = tracker && objective.tailWeight > 0 ? tailFactor(tracker.spread) : 1;
  return { waitMs, slots, congestionPerMs, tail, remote: tracker !== undefined };
}

/** Cost of an action that is expected to take `ms`, without lost accuracy, ms. */
export function processingCostMs(action: DispatchAction, ms: number, terms: NodeTerms, frame: Frame): number {
  const { meanWeight, tailWeight } = frame.objective;
  const delayMs = delayOfOthersMs(action, terms, frame);
  let weightedMs = meanWeight * (ms + delayMs);
  if (tailWeight > 0) weightedMs += tailWeight * (ms * terms.tail + delayMs);
  return weightedMs / (meanWeight + tailWeight) + action.energyPriceMs;
}

/** The terms in κ: what this frame makes later ones wait, ms. */
function delayOfOthersMs(
  action: DispatchAction,
  { waitMs, slots, congestionPerMs, remote }: NodeTerms,
  frame: Frame,
): number {
  const workMs = action.cost.serviceMs / slots;
  if (!remote) {
    // Only the device's own next frames wait here, and none is expected before the quiet time is over.
    const { quietMs } = frame.local;
    const before = Math.max(0, waitMs - quietMs);
    const after = Math.max(0, waitMs + workMs - quietMs);
    return (congestionPerMs * (after * after - before * before)) / 2;
  }
  // With clockwork arrivals the plan has already charged the planned action for the delay it causes, and chance adds
  // nothing: the utilization of such a node does not tell its queue.
  if (action === frame.weighed) return 0;
  // While the queue lasts, everyone who arrives behind waits for this frame's share of the slots.
  return congestionPerMs * workMs * (waitMs + workMs / 2);
}

/** 95th percentile over mean of a lognormal response time; 1.645 is the 95 % quantile of the standard normal. */
const tailFactor = (sigma: number) => Math.exp(1.645 * sigma - (sigma * sigma) / 2);
