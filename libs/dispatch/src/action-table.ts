import type { ComputeNode, Objective, Placement, Variant, ActionCost, Directive } from '@weir/domain';
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
  /** Price of accuracy by these actions alone, ms per unit; 0 when the floor does not bind. */
  readonly ownPriceMs: number;
}

export const emptyTable: ActionTable = { actions: [], trackers: [], bestAccuracy: 0, ownPriceMs: 0 };

const samePlacement = (a: Placement, b: Placement): boolean =>
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
  return {
    actions,
    trackers: [...trackers],
    bestAccuracy: best,
    ownPriceMs: priceAt(objective.accuracyFloor, allowed),
  };
}

/**
 * Price of accuracy when actions are mixed so that they meet the floor on average and nothing waits: the slope, at the
 * floor, of the lower convex hull of time over accuracy. 0 when the fastest action meets the floor.
 */
function priceAt(floor: number, costs: readonly ActionCost[]): number {
  const time = ({ serviceMs, networkMs }: ActionCost) => serviceMs + networkMs;
  let leastMs = Infinity;
  let slopeMs = 0;
  for (const above of costs) {
    if (above.accuracy < floor) continue;
    if (time(above) <= leastMs) [leastMs, slopeMs] = [time(above), 0];
    for (const below of costs) {
      if (below.accuracy >= floor || time(below) >= time(above)) continue;
      const slope = (time(above) - time(below)) / (above.accuracy - below.accuracy);
      const mixedMs = time(below) + slope * (floor - below.accuracy);
      if (mixedMs < leastMs) [leastMs, slopeMs] = [mixedMs, slope];
    }
  }
  return slopeMs;
}

/** Cost of the planned action: the directive's, else what the device knows itself, else the plan's promise. */
export function plannedCost(
  directive: Directive,
  known: readonly ActionCost[],
  own: readonly ActionCost[],
  accuracyOf: ReadonlyMap<string, number>,
): ActionCost {
  const isPlanned = ({ placement }: ActionCost) => samePlacement(placement, directive.planned);
  return (
    known.find(isPlanned) ??
    own.find(isPlanned) ?? {
      placement: directive.planned,
      accuracy: accuracyOf.get(directive.planned.variant) ?? 0,
      serviceMs: directive.predictedMs,
      networkMs: 0,
      energyJ: 0,
    }
  );
}

/** Before any calibration all local variants seem equally fast, so that the most accurate one is taken. */
export function uncalibrated(localNode: ComputeNode, variants: readonly Variant[]): readonly ActionCost[] {
  return variants
    .filter(({ name }) => localNode.variants.includes(name))
    .map(({ name, accuracy }) => ({
      placement: { tier: localNode.tier, nodeId: localNode.id, variant: name },
      accuracy,
      serviceMs: 0,
      networkMs: 0,
      energyJ: 0,
    }));
}
