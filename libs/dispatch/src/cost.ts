import type { Objective } from '@weir/domain';
import type { DispatchAction } from './action-table.ts';

/** What does not change between the actions of one frame. Times in ms. */
export interface Frame {
  readonly now: number;
  readonly deadlineMs: number;
  readonly exclude: ReadonlySet<string>;
  readonly objective: Objective;
  /** μ, per unit of accuracy. */
  readonly priceMs: number;
  readonly local: {
    readonly slots: number;
    readonly waitMs: number;
    /** κ_l, per ms. */
    readonly congestionPerMs: number;
    /** o: how long none of the device's own next frames can be expected. */
    readonly quietMs: number;
  };
  /** The planned action where frames come as by a clock. */
  readonly weighed: DispatchAction | undefined;
}

const waitMs = ({ tracker }: DispatchAction, { local }: Frame) => tracker?.waitMs ?? local.waitMs;

/** Response time expected: wait, service and network, ms. */
export const predictedMs = (action: DispatchAction, frame: Frame): number =>
  waitMs(action, frame) + action.cost.serviceMs + action.cost.networkMs;

/** What an action costs this frame and those behind it, with its energy and the accuracy it lacks, ms. */
export function costMs(action: DispatchAction, frame: Frame): number {
  const { meanWeight, tailWeight } = frame.objective;
  const responseMs = predictedMs(action, frame);
  const delayMs = delayOfOthersMs(action, frame);
  let weightedMs = meanWeight * (responseMs + delayMs);
  if (tailWeight > 0)
    weightedMs += tailWeight * (responseMs * tailFactor(action.tracker?.spread ?? 0) + delayMs);
  return weightedMs / (meanWeight + tailWeight) + action.energyPriceMs + frame.priceMs * action.deficit;
}

function delayOfOthersMs(action: DispatchAction, frame: Frame): number {
  const { tracker } = action;
  const { serviceMs } = action.cost;
  if (!tracker) {
    // The device's own next frames, of which none comes before the quiet time is over.
    const { slots, waitMs: queuedMs, congestionPerMs, quietMs } = frame.local;
    const before = Math.max(0, queuedMs - quietMs);
    const after = Math.max(0, queuedMs + serviceMs / slots - quietMs);
    return (congestionPerMs * (after * after - before * before)) / 2;
  }
  // Where frames come as by a clock, the plan has weighed what a planned frame does to the others, and no chance adds
  // to it; the utilization of the tier says nothing of its queue.
  if (action === frame.weighed) return 0;
  // Those who come behind at the tier: the frame keeps a slot for its service while the queue lasts.
  const workMs = serviceMs / tracker.slots;
  return tracker.congestionPerMs * workMs * (tracker.waitMs + workMs / 2);
}

/** 95th percentile over mean of a lognormal response time. 1.645: its quantile of the normal distribution. */
const tailFactor = (sigma: number) => Math.exp(1.645 * sigma - (sigma * sigma) / 2);
