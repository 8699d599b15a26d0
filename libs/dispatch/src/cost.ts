import type { Objective } from '@weir/domain';
import type { DispatchAction } from './dispatch-action.ts';

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
  /** Least accuracy that the balance covers; frames may have less only where the plan is obeyed. */
  readonly leastAccuracy: number;
  /** True when the device owes so much accuracy that no second look makes up for a first one below the floor. */
  readonly overdue: boolean;
}

const waitMs = ({ tracker }: DispatchAction, { local }: Frame) => tracker?.waitMs ?? local.waitMs;

/** Expected response time, ms: Ŵ + s + network, or U + s on the device. */
export const predictedMs = (action: DispatchAction, frame: Frame): number =>
  waitMs(action, frame) + action.cost.serviceMs + action.cost.networkMs;

/** The same with the wait that is known for sure, ms. */
export const leastMs = ({ tracker, cost }: DispatchAction, { local }: Frame): number =>
  (tracker?.leastWaitMs ?? local.waitMs) + cost.serviceMs + cost.networkMs;

/** Cost of an action, ms: response time, the delay it causes to frames behind it, energy and lost accuracy. */
export const costMs = (action: DispatchAction, frame: Frame): number =>
  processingCostMs(action, frame) + frame.priceMs * action.deficit;

/** The same without lost accuracy, ms. */
export function processingCostMs(action: DispatchAction, frame: Frame): number {
  const { meanWeight, tailWeight } = frame.objective;
  const responseMs = predictedMs(action, frame);
  const delayMs = delayOfOthersMs(action, frame);
  let weightedMs = meanWeight * (responseMs + delayMs);
  if (tailWeight > 0)
    weightedMs += tailWeight * (responseMs * tailFactor(action.tracker?.spread ?? 0) + delayMs);
  return weightedMs / (meanWeight + tailWeight) + action.energyPriceMs;
}

/** The terms in κ: what this frame makes later ones wait, ms. */
function delayOfOthersMs(action: DispatchAction, frame: Frame): number {
  const { tracker } = action;
  const { serviceMs } = action.cost;
  if (!tracker) {
    // Only the device's own next frames wait here, and none is expected before the quiet time is over.
    const { slots, waitMs: queuedMs, congestionPerMs, quietMs } = frame.local;
    const before = Math.max(0, queuedMs - quietMs);
    const after = Math.max(0, queuedMs + serviceMs / slots - quietMs);
    return (congestionPerMs * (after * after - before * before)) / 2;
  }
  // With clockwork arrivals the plan has already charged the planned action for the delay it causes, and chance adds
  // nothing: the utilization of such a node does not tell its queue.
  if (action === frame.weighed) return 0;
  // While the queue lasts, everyone who arrives behind waits for this frame's share of the slots.
  const workMs = serviceMs / tracker.slots;
  return tracker.congestionPerMs * workMs * (tracker.waitMs + workMs / 2);
}

/** 95th percentile over mean of a lognormal response time; 1.645 is the 95 % quantile of the standard normal. */
const tailFactor = (sigma: number) => Math.exp(1.645 * sigma - (sigma * sigma) / 2);
