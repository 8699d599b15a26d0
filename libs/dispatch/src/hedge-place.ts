import type { Placement } from '@weir/domain';
import type { ActionTable } from './action-table.ts';
import { constraintOn } from './constraints.ts';
import { costMs, type Frame, predictedMs } from './cost.ts';
import type { DispatchAction } from './dispatch-action.ts';

/** 95 % quantile of the standard normal. */
const TAIL = 1.645;

/**
 * Whether a target is expected in time on average, and not at its 95th percentile: exp(1.645 σ) times what was predicted.
 * `spread`: σ of log(actual / predicted).
 */
export const mayBeLate = (target: { predictedMs: number; spread: number }, deadlineMs: number): boolean =>
  target.predictedMs <= deadlineMs && target.predictedMs * Math.exp(TAIL * target.spread) > deadlineMs;

/** The device's own action of least cost that is in time, and allowed without a second look. */
export function hedgePlace({ actions }: ActionTable, frame: Frame): DispatchAction | undefined {
  const alone = { ...frame, overdue: true };
  const [action] = actions
    .filter((own) => !own.tracker && constraintOn(own, alone, 'chosen') === undefined)
    .filter((own) => predictedMs(own, frame) <= frame.deadlineMs)
    .toSorted((a, b) => costMs(a, frame) - costMs(b, frame));
  return action;
}

/** Energy that is expected of `placement`, J; 0 where that is not known. */
export const energyOf = ({ actions }: ActionTable, { nodeId, variant }: Placement): number =>
  actions.find(({ cost: { placement } }) => placement.nodeId === nodeId && placement.variant === variant)
    ?.cost.energyJ ?? 0;
