import type { Random } from '@weir/base';
import type { ActionTable } from './action-table.ts';
import { coversFloor } from './constraints.ts';
import { type Frame, leastMs } from './cost.ts';
import type { LookChoice, PricedAction } from './dispatch-action.ts';
import { price } from './pricing.ts';

/** An action as a frame's first look, with the second that may follow. */
export interface Choice {
  readonly action: PricedAction;
  readonly costMs: number;
  /** True when the answer, where it needs two looks to be allowed that of the second, is expected after the deadline. */
  readonly late: boolean;
  /** Its chosen step; undefined: the first answer stands. */
  readonly after: LookChoice | undefined;
}

/** The best choice, and the cost of the best one without a second look, ms; Infinity when none is allowed and in time. */
export interface Best extends Choice {
  readonly oneLookMs: number;
}

/** Prices a table for one frame and chooses the second looks that are best for it: what `choiceOf` and `cheapest` go by. */
export function prepare({ nodes, secondLooks }: ActionTable, frame: Frame): void {
  price(nodes, frame);
  secondLooks?.refresh(frame);
}

/** An action as it is priced for this frame (pricing.ts), with the second look that has been chosen for it. */
export function choiceOf(action: PricedAction, { deadlineMs }: Frame): Choice {
  const { responseMs } = action;
  const after = action.after?.step && action.after;
  const bothMs = responseMs + (after?.secondMs ?? 0);
  // What would come too late is not begun, unless the first look alone is not allowed.
  const begun = after && (after.needed || bothMs <= deadlineMs) ? after : undefined;
  return {
    action,
    costMs: action.costMs + (begun?.costMs ?? 0),
    late: (after?.needed ? bothMs : responseMs) > deadlineMs,
    after: begun,
  };
}

/** The action of least cost that is allowed and in time; of what is late, the one that may still be in time is best. */
export function cheapest(table: ActionTable, frame: Frame, random: Random): Best | undefined {
  const { deadlineMs, leastAccuracy } = frame;
  let best: PricedAction | undefined;
  let bestMs = Infinity;
  let bestLate = true;
  let oneLookMs = Infinity;
  let equals = 1;
  for (const action of table.actions) {
    if (!action.open) continue;
    if (action.cost.accuracy < leastAccuracy && !coversFloor(action, frame, 'chosen')) continue;
    // `choiceOf` written out, for here a decision spends its time.
    const { responseMs } = action;
    const after = action.after?.step && action.after;
    const needed = after !== undefined && after.needed;
    const late = (needed ? responseMs + after.secondMs : responseMs) > deadlineMs;
    if (late && best && !bestLate) continue;
    let actionMs: number;
    if (late) actionMs = leastMs(action, frame);
    else {
      actionMs = action.costMs;
      if (!needed && actionMs < oneLookMs) oneLookMs = actionMs;
      if (after && (needed || responseMs + after.secondMs <= deadlineMs)) actionMs += after.costMs;
    }
    if (best && late === bestLate) {
      if (actionMs > bestMs) continue;
      if (actionMs === bestMs) {
        if (action.cost.accuracy < best.cost.accuracy) continue;
        if (action.cost.accuracy === best.cost.accuracy && random.integer(++equals) > 0) continue;
      }
    }
    if (actionMs < bestMs) equals = 1;
    best = action;
    bestMs = actionMs;
    bestLate = late;
  }
  return best && { ...choiceOf(best, frame), oneLookMs };
}
