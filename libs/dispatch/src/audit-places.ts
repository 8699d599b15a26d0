import type { ActionTable } from './action-table.ts';
import type { Frame } from './cost.ts';
import type { PricedAction } from './dispatch-action.ts';
import { price } from './pricing.ts';

/**
 * Where the most accurate variant may check an answer by `variant` now, the cheapest place first. Undefined when no allowed
 * variant is more accurate than that one.
 */
export function auditPlaces(
  { actions, nodes, bestAccuracy }: ActionTable,
  variant: string,
  frame: Frame,
): readonly PricedAction[] | undefined {
  const answered = actions.find(({ cost }) => cost.placement.variant === variant);
  if (bestAccuracy <= (answered?.cost.accuracy ?? 0)) return undefined;
  price(nodes, frame);
  return actions
    .filter(({ open, cost }) => open && cost.accuracy === bestAccuracy)
    .toSorted((a, b) => a.processingMs - b.processingMs);
}
