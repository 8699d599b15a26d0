import type { Random } from '@weir/base';
import type { ActionTable } from './action-table.ts';
import type { DispatchAction, LookChoice } from './dispatch-action.ts';
import { constraintOn } from './constraints.ts';
import { costMs, type Frame, leastMs, predictedMs } from './cost.ts';

/** An action as a frame's first look, with the second that may follow. */
export interface Choice {
  readonly action: DispatchAction;
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

/** An action with the second look that has been chosen for this frame (`SecondLooks.refresh`). */
export function choiceOf(action: DispatchAction, frame: Frame): Choice {
  const responseMs = predictedMs(action, frame);
  const after = secondLookOf(action, frame, responseMs);
  const late = responseMs + neededMs(after) > frame.deadlineMs;
  return { action, costMs: costMs(action, frame) + (after?.costMs ?? 0), late, after };
}

/** What would come too late is not begun, unless the first look alone is not allowed. */
function secondLookOf({ after }: DispatchAction, frame: Frame, firstMs: number): LookChoice | undefined {
  if (!after?.step) return undefined;
  return after.needed || firstMs + after.secondMs <= frame.deadlineMs ? after : undefined;
}

/** Time of the second look without which the first is not allowed, ms. */
const neededMs = (after: LookChoice | undefined) => (after?.needed ? after.secondMs : 0);

/** The action of least cost that is allowed and in time; of what is late, the one that may still be in time is best. */
export function cheapest(table: ActionTable, frame: Frame, random: Random): Best | undefined {
  let best: DispatchAction | undefined;
  let bestMs = Infinity;
  let bestLate = true;
  let oneLookMs = Infinity;
  let equals = 1;
  for (const action of table.actions) {
    if (constraintOn(action, frame, 'chosen') !== undefined) continue;
    const responseMs = predictedMs(action, frame);
    const after = action.after && secondLookOf(action, frame, responseMs);
    const late = responseMs + neededMs(after) > frame.deadlineMs;
    if (late && best && !bestLate) continue;
    const aloneMs = late ? leastMs(action, frame) : costMs(action, frame);
    if (!late && !after?.needed && aloneMs < oneLookMs) oneLookMs = aloneMs;
    const actionMs = late ? aloneMs : aloneMs + (after?.costMs ?? 0);
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
