import type { ActionTable } from './action-table.ts';
import { constraintOn } from './constraints.ts';
import { type Frame, processingCostMs } from './cost.ts';
import type { DispatchAction } from './dispatch-action.ts';

/**
 * Where the most accurate variant may check an answer by `variant` now, the cheapest place first. Undefined when no allowed
 * variant is more accurate than that one.
 */
export function auditPlaces(
  { actions, bestAccuracy }: ActionTable,
  variant: string,
  frame: Frame,
): readonly DispatchAction[] | undefined {
  const answered = actions.find(({ cost }) => cost.placement.variant === variant);
  if (bestAccuracy <= (answered?.cost.accuracy ?? 0)) return undefined;
  return actions
    .filter(({ cost }) => cost.accuracy === bestAccuracy)
    .filter((action) => constraintOn(action, frame, 'obeyed') === undefined)
    .toSorted((a, b) => processingCostMs(a, frame) - processingCostMs(b, frame));
}
