import type { Objective, Placement } from './cell.ts';
import type { ActionCost } from './directive.ts';
import type { TierTracker } from './tier-tracker.ts';

/** One action with everything about it that does not change from frame to frame. */
export interface DispatchAction {
  readonly cost: ActionCost;
  /** Undefined on the device itself. */
  readonly tracker: TierTracker | undefined;
  readonly tierAllowed: boolean;
  /** Price of the action's energy, ms. */
  readonly energyPriceMs: number;
  /** Accuracy missing to the best action of the table, >= 0. */
  readonly deficit: number;
}

/** The actions open to a device. */
export interface ActionTable {
  readonly actions: readonly DispatchAction[];
  /** Remote nodes that the actions name. */
  readonly trackers: readonly TierTracker[];
  /** Best accuracy among the actions of allowed tiers; 0 when there is none. */
  readonly bestAccuracy: number;
  /** What accuracy costs between the fastest and the most accurate allowed action, ms per unit. */
  readonly slopeMs: number;
}

export const emptyTable: ActionTable = { actions: [], trackers: [], bestAccuracy: 0, slopeMs: 0 };

export const samePlacement = (a: Placement, b: Placement): boolean =>
  a.nodeId === b.nodeId && a.variant === b.variant && a.tier === b.tier;

/** Puts up the table once per directive, so that a frame costs a loop without allocation. */
export function actionTable(
  costs: readonly ActionCost[],
  objective: Objective,
  trackerOf: (nodeId: string) => TierTracker,
): ActionTable {
  const allowed = costs.filter(({ placement }) => objective.allowedTiers.includes(placement.tier));
  const best = allowed.reduce((most, { accuracy }) => Math.max(most, accuracy), 0);
  const actions = costs.map((cost) => ({
    cost,
    tracker: cost.placement.tier === 'device' ? undefined : trackerOf(cost.placement.nodeId),
    tierAllowed: objective.allowedTiers.includes(cost.placement.tier),
    energyPriceMs: objective.energyMsPerJ * cost.energyJ,
    deficit: Math.max(0, best - cost.accuracy),
  }));
  const trackers = new Set(actions.flatMap(({ tracker }) => tracker ?? []));
  return { actions, trackers: [...trackers], bestAccuracy: best, slopeMs: slopeMs(allowed) };
}

function slopeMs(costs: readonly ActionCost[]): number {
  const time = ({ serviceMs, networkMs }: ActionCost) => serviceMs + networkMs;
  const least = (order: (a: ActionCost, b: ActionCost) => number) => costs.toSorted(order)[0];
  const fastest = least((a, b) => time(a) - time(b));
  const best = least((a, b) => b.accuracy - a.accuracy || time(a) - time(b));
  if (!fastest || !best || best.accuracy <= fastest.accuracy) return 0;
  return (time(best) - time(fastest)) / (best.accuracy - fastest.accuracy);
}
