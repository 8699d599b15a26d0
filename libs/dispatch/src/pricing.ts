import { barredBy } from './constraints.ts';
import { type Frame, lostAccuracyMs, nodeTerms, processingCostMs, responseMs } from './cost.ts';
import type { PricedAction } from './dispatch-action.ts';
import type { TierTracker } from './tier-tracker.ts';

/** The actions on one node: what they share is found once a frame. */
export interface NodeActions {
  readonly nodeId: string;
  readonly tracker: TierTracker | undefined;
  readonly actions: readonly PricedAction[];
}

export const byNode = (actions: readonly PricedAction[]): readonly NodeActions[] =>
  [
    ...Map.groupBy(actions, ({ cost: { placement } }) => `${placement.tier} ${placement.nodeId}`).values(),
  ].map((onNode) => ({
    nodeId: onNode[0]!.cost.placement.nodeId,
    tracker: onNode[0]!.tracker,
    actions: onNode,
  }));

/** Finds whether each action may run, how soon it would answer and what it would cost. */
export function price(nodes: readonly NodeActions[], frame: Frame): void {
  const { variant: asked } = frame;
  for (const { nodeId, tracker, actions } of nodes) {
    const open = barredBy(nodeId, tracker, frame) === undefined;
    const outliers = tracker?.outliers.any && !frame.ejectedToo ? tracker.outliers : undefined;
    const foreign = tracker && tracker.foreign.size > 0 ? tracker.foreign : undefined;
    const terms = nodeTerms(tracker, frame);
    for (const action of actions) {
      const { cost } = action;
      const { variant } = cost.placement;
      action.open =
        open &&
        action.tierAllowed &&
        (asked === undefined || asked === variant) &&
        !foreign?.has(variant) &&
        !outliers?.leavesOut(variant);
      const ms = responseMs(terms.waitMs, cost);
      const processingMs = processingCostMs(action, ms, terms, frame);
      action.responseMs = ms;
      action.processingMs = processingMs;
      action.costMs = processingMs + lostAccuracyMs(action, frame);
    }
  }
}
