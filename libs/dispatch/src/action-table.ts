import type { ComputeNode, Objective, Placement, Variant, ActionCost, Directive } from '@weir/domain';
import type { TierTracker } from './tier-tracker.ts';

/** One action and what about it stays the same from frame to frame. */
export interface DispatchAction {
  readonly cost: ActionCost;
  /** Undefined on the device itself. */
  readonly tracker: TierTracker | undefined;
  readonly tierAllowed: boolean;
  /** Price of the action's energy, ms. */
  readonly energyPriceMs: number;
  /** Accuracy it gives up against the best action of the table, >= 0. */
  readonly deficit: number;
}

/** The actions open to a device, built once per directive: a frame then costs a loop without allocation. */
export interface ActionTable {
  readonly actions: readonly DispatchAction[];
  /** The remote nodes the actions run on. */
  readonly trackers: readonly TierTracker[];
  /** Best accuracy among the actions of allowed tiers; 0 when there is none. */
  readonly bestAccuracy: number;
  /** μ₀ by these actions alone, where no plan gives one, ms per unit of accuracy; 0 when the floor does not bind. */
  readonly ownPriceMs: number;
}

export const emptyTable: ActionTable = { actions: [], trackers: [], bestAccuracy: 0, ownPriceMs: 0 };

const samePlacement = (a: Placement, b: Placement): boolean =>
  a.nodeId === b.nodeId && a.variant === b.variant && a.tier === b.tier;

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
 * μ₀ = Δtime/Δaccuracy of the cheapest mix of two actions that meets the floor on average, without waiting: the slope,
 * at the floor, of the lower convex hull of s + network over accuracy. 0 when the fastest action meets the floor.
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

/** Cost of the planned action: the directive's, else the device's own figure, else the plan's prediction. */
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

/** Before calibration all local variants count as equally fast, so that the most accurate one wins. */
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
