import type { Objective, Variant } from '@weir/domain';
import type { OpenActions, RemoteTarget } from '../actions.ts';
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

export interface DeviceCostsInput {
  readonly observation: CellObservation;
  readonly costs: CostView;
  readonly spread: Spread;
  readonly energyJ: (nodeId: string, variant: string) => number;
}

/** What places cost one device, each worked out once; targets and variants by index. */
export class DeviceCosts {
  readonly #open: OpenActions;
  readonly #input: DeviceCostsInput;
  /** By variant. */
  readonly #local: TimeCost[];
  readonly #places: (readonly number[])[] = [];
  /** By position among the open targets. */
  readonly #networkMs: number[];
  /** Cost of one ms on its own processor, on the way and at a node. */
  readonly #localWeight: number;
  readonly linkWeight: number;
  readonly nodeWeight: number;

  constructor(open: OpenActions, input: DeviceCostsInput) {
    this.#open = open;
    this.#input = input;
    this.#local = new Array<TimeCost>(input.observation.cell.variants.length);
    this.#networkMs = new Array<number>(open.remote.length);
    this.#localWeight = responseWeight(open.objective, input.spread.local);
    this.linkWeight = responseWeight(open.objective, input.spread.links);
    this.nodeWeight = responseWeight(open.objective, input.spread.nodes);
  }

  /** On its own processor. */
  local(variant: number): TimeCost {
    return (this.#local[variant] ??= this.#expectedLocal(variant));
  }

  /** At a node that takes `nodeMs`. */
  remote(target: number, variant: number, nodeMs: number): TimeCost {
    const way = this.networkMs(target);
    const energy = this.#energy(this.#input.observation.cell.nodes[target]!.id, variant);
    return { ms: way + nodeMs, cost: way * this.linkWeight + nodeMs * this.nodeWeight + energy };
  }

  networkMs(target: number): number {
    const { remote } = this.#open;
    let at = 0;
    while (remote[at]!.target !== target) at++;
    return (this.#networkMs[at] ??= this.#expectedNetworkMs(remote[at]!));
  }

  /** Where it may run that variant: itself, -1, before the nodes. */
  places(variant: number): readonly number[] {
    return (this.#places[variant] ??= this.#openPlaces(this.#input.observation.cell.variants[variant]!));
  }

  #expectedLocal(variant: number): TimeCost {
    const { observation, costs } = this.#input;
    const { id } = this.#open.device;
    const ms = costs.localMs(id, observation.cell.variants[variant]!.name);
    return { ms, cost: ms * this.#localWeight + this.#energy(id, variant) };
  }

  #expectedNetworkMs({ link: { nodeId, class: linkClass, roundTripMs } }: RemoteTarget): number {
    return this.#input.costs.networkMs({
      deviceId: this.#open.device.id,
      nodeId,
      class: linkClass,
      roundTripMs,
    });
  }

  #openPlaces(variant: Variant): readonly number[] {
    const { local, remote } = this.#open;
    const places = local.includes(variant) ? [-1] : [];
    for (const { target, variants } of remote) if (variants.includes(variant)) places.push(target);
    return places;
  }

  #energy(nodeId: string, variant: number): number {
    const { energyMsPerJ } = this.#open.objective;
    if (energyMsPerJ === 0) return 0;
    const { observation, energyJ } = this.#input;
    return energyMsPerJ * energyJ(nodeId, observation.cell.variants[variant]!.name);
  }
}

/**
 * Cost of one ms of mean response time: mean and 95th percentile of a lognormal with the same mean, weighted as in the
 * dispatch rule, so that an objective of the mean alone counts plain ms.
 */
function responseWeight(
  { meanWeight, tailWeight }: Pick<Objective, 'meanWeight' | 'tailWeight'>,
  sigma: number,
): number {
  return (
    (meanWeight + tailWeight * Math.exp(1.645 * sigma - (sigma * sigma) / 2)) / (meanWeight + tailWeight)
  );
}
