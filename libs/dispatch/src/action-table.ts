import type {
  ActionCost,
  ComputeNode,
  Directive,
  LookCurves,
  Objective,
  Placement,
  Variant,
} from '@weir/domain';
import type { DispatchAction, PricedAction } from './dispatch-action.ts';
import { byNode, type NodeActions } from './pricing.ts';
import { SecondLooks } from './second-looks.ts';
import type { TierTracker } from './tier-tracker.ts';

/** The actions open to a device, built once per directive: a frame then costs a loop without allocation. */
export interface ActionTable {
  readonly actions: readonly PricedAction[];
  /** The same by the node they run on. */
  readonly nodes: readonly NodeActions[];
  /** The remote nodes the actions run on. */
  readonly trackers: readonly TierTracker[];
  /** Best accuracy among the actions of allowed tiers; 0 when there is none. */
  readonly bestAccuracy: number;
  /** μ₀ by these actions alone, where no plan gives one, ms per unit of accuracy; 0 when the floor does not bind. */
  readonly ownPriceMs: number;
  /** Undefined when there are no curves, or one look a frame is asked for. */
  readonly secondLooks: SecondLooks | undefined;
}

export const emptyTable: ActionTable = {
  actions: [],
  nodes: [],
  trackers: [],
  bestAccuracy: 0,
  ownPriceMs: 0,
  secondLooks: undefined,
};

const samePlacement = (a: Placement, b: Placement): boolean =>
  a.nodeId === b.nodeId && a.variant === b.variant && a.tier === b.tier;

export function actionTable(
  costs: readonly ActionCost[],
  objective: Objective,
  trackerOf: (nodeId: string) => TierTracker,
  curves?: LookCurves,
): ActionTable {
  const allowed = costs.filter(({ placement }) => objective.allowedTiers.includes(placement.tier));
  const best = allowed.reduce((most, { accuracy }) => Math.max(most, accuracy), 0);
  const secondLooks =
    curves && objective.maxLooks > 1
      ? new SecondLooks(curves, new Map(allowed.map((cost) => [cost.placement.variant, cost.accuracy])))
      : undefined;
  const actions = costs.map((cost): PricedAction => ({
    cost,
    tracker: cost.placement.tier === 'device' ? undefined : trackerOf(cost.placement.nodeId),
    tierAllowed: objective.allowedTiers.includes(cost.placement.tier),
    energyPriceMs: objective.energyMsPerJ * cost.energyJ,
    deficit: Math.max(0, best - cost.accuracy),
    after: secondLooks?.after(cost.placement.variant),
    open: false,
    responseMs: NaN,
    processingMs: NaN,
    costMs: NaN,
  }));
  secondLooks?.runOn(actions);
  const trackers = new Set(actions.flatMap(({ tracker }) => tracker ?? []));
  return {
    actions,
    nodes: byNode(actions),
    trackers: [...trackers],
    bestAccuracy: best,
    ownPriceMs: priceAt(objective.accuracyFloor, actions),
    secondLooks,
  };
}

interface Mixable {
  readonly accuracy: number;
  readonly ms: number;
}

/**
 * μ₀ = Δtime/Δaccuracy of the cheapest mix of two actions that meets the floor on average, without waiting: the slope,
 * at the floor, of the lower convex hull of s + network over accuracy, second looks included. 0 when the fastest action
 * meets the floor.
 */
function priceAt(floor: number, actions: readonly DispatchAction[]): number {
  const hull = lowerHull(actions.filter(({ tierAllowed }) => tierAllowed).flatMap(mixables));
  const above = hull.findIndex(({ accuracy }) => accuracy >= floor);
  if (above <= 0 || hull[above]!.accuracy === floor) return 0;
  return Math.max(0, slope(hull[above - 1]!, hull[above]!));
}

/** An action, alone and with its second looks. */
function mixables({ cost, after }: DispatchAction): Mixable[] {
  const { accuracy } = cost;
  const ms = cost.serviceMs + cost.networkMs;
  const twice = (after?.options ?? []).map(({ step, leastMs }) => ({
    accuracy: accuracy + step.gain,
    ms: ms + step.share * leastMs,
  }));
  return [{ accuracy, ms }, ...twice];
}

const slope = (a: Mixable, b: Mixable) => (b.ms - a.ms) / (b.accuracy - a.accuracy);

/** By rising accuracy; monotone chain (Andrew 1979). */
function lowerHull(points: readonly Mixable[]): Mixable[] {
  const hull: Mixable[] = [];
  for (const point of points.toSorted((a, b) => a.accuracy - b.accuracy || a.ms - b.ms)) {
    if (hull.at(-1)?.accuracy === point.accuracy) continue;
    while (hull.length > 1 && slope(hull.at(-2)!, hull.at(-1)!) >= slope(hull.at(-1)!, point)) hull.pop();
    hull.push(point);
  }
  return hull;
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
