import { constraintOn } from './constraints.ts';
import { type Frame, predictedMs } from './cost.ts';
import type { Chosen } from './decision.ts';
import type { DispatchAction } from './dispatch-action.ts';
import type { DispatchOptions } from './dispatcher.ts';
import type { PlanInForce } from './plan-in-force.ts';

/**
 * The chosen action or, for its share of the frames, that of the canary of its variant at the same node: alone, without a
 * second look, and owing what the balance does not cover. Frames that a canary may not run, or not in time, are no part of its
 * trial, whichever side they would fall on.
 */
export function withCanary(
  action: DispatchAction,
  chosen: Chosen,
  {
    plan,
    frame,
    options: { draw, leastAccuracy = 0 },
  }: { readonly plan: PlanInForce; readonly frame: Frame; readonly options: DispatchOptions },
): readonly [DispatchAction, Chosen] {
  const found = draw && plan.canaryOf(action);
  if (!draw || !found) return [action, chosen];
  const { canary, action: own } = found;
  const mayRun =
    constraintOn(own, frame, 'obeyed') === undefined &&
    own.cost.accuracy >= leastAccuracy &&
    predictedMs(own, frame) <= Math.max(frame.deadlineMs, predictedMs(action, frame));
  if (!mayRun) return [action, chosen];
  const trial = canary.variant;
  return draw(trial) < canary.share
    ? [own, { ...chosen, savedMs: 0, look: undefined, trial, owing: true }]
    : [action, { ...chosen, trial }];
}
