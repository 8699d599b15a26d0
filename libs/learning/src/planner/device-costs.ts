import type { Variant } from '@weir/domain';
import type { OpenActions } from '../actions.ts';
import type { CostView } from '../beliefs/cost-view.ts';
import type { CellObservation } from '../learner.ts';

/** Noise of the three groups, relative; for the tail. */
export interface Spread {
  readonly local: number;
  readonly nodes: number;
  readonly links: number;
}

/** A time, ms, and what it costs by the objective, energy included. */
export interface TimeCost {
  readonly ms: number;
  readonly cost: number;
}

/** What places cost one device; targets and variants by index. */
export interface DeviceCosts {
  /** On its own processor. */
  local(variant: number): TimeCost;
  /** At a node that takes `nodeMs`. */
  remote(target: number, variant: number, nodeMs: number): TimeCost;
  /** Where it may run that variant: itself, -1, before the nodes. */
  places(variant: number): readonly number[];
  networkMs(target: number): number;
  /** Cost of one ms on the way and at the node. */
  readonly linkWeight: number;
  readonly nodeWeight: number;
  readonly energyOf: (nodeId: string, variant: string) => number;
}

export interface DeviceCostsInput {
  readonly observation: CellObservation;
  readonly costs: CostView;
  readonly spread: Spread;
  readonly energyJ: (nodeId: string, variant: string) => number;
}

export function deviceCosts(
  { device, objective, local, remote }: OpenActions,
  { observation: { cell }, costs, spread, energyJ }: DeviceCostsInput,
): DeviceCosts {
  const [localWeight, nodeWeight, linkWeight] = [
    responseWeight(objective, spread.local),
    responseWeight(objective, spread.nodes),
    responseWeight(objective, spread.links),
  ];
  const own: (TimeCost | undefined)[] = [];
  const network: (number | undefined)[] = [];
  const places: (readonly number[] | undefined)[] = [];
  const { energyMsPerJ } = objective;

  function networkMs(target: number): number {
    const known = network[target];
    if (known !== undefined) return known;
    const { link } = remote.find(({ node }) => node.id === cell.nodes[target]!.id)!;
    const { nodeId, roundTripMs } = link;
    const use = { deviceId: device.id, nodeId, class: link.class, roundTripMs };
    return (network[target] = costs.networkMs(use));
  }

  return {
    local(variant) {
      const known = own[variant];
      if (known) return known;
      const { name } = cell.variants[variant]!;
      const ms = costs.localMs(device.local.id, name);
      return (own[variant] = { ms, cost: ms * localWeight + energyMsPerJ * energyJ(device.id, name) });
    },
    remote(target, variant, nodeMs) {
      const way = networkMs(target);
      const energy =
        energyMsPerJ > 0 ? energyMsPerJ * energyJ(cell.nodes[target]!.id, cell.variants[variant]!.name) : 0;
      return { ms: way + nodeMs, cost: way * linkWeight + nodeMs * nodeWeight + energy };
    },
    places(variant) {
      const known = places[variant];
      if (known) return known;
      const { name } = cell.variants[variant]!;
      const serves = (variants: readonly Variant[]) => variants.some((each) => each.name === name);
      const nodes = remote.flatMap((open) =>
        serves(open.variants) ? [cell.nodes.findIndex(({ id }) => id === open.node.id)] : [],
      );
      return (places[variant] = serves(local) ? [-1, ...nodes] : nodes);
    },
    networkMs,
    linkWeight,
    nodeWeight,
    energyOf: energyJ,
  };
}

/**
 * Cost of one ms of mean response time: mean and 95th percentile of a lognormal with the same mean, weighted as in the
 * dispatch rule, so that an objective of the mean alone counts plain ms.
 */
export function responseWeight(
  { meanWeight, tailWeight }: { meanWeight: number; tailWeight: number },
  sigma: number,
): number {
  return (
    (meanWeight + tailWeight * Math.exp(1.645 * sigma - (sigma * sigma) / 2)) / (meanWeight + tailWeight)
  );
}
