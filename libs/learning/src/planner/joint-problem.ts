import { FailedPrecondition } from '@weir/base';
import type { Cell, Placement, Variant } from '@weir/domain';
import type { OpenActions } from '../actions.ts';
import type { CostView } from '../beliefs/cost-view.ts';
import type { CellObservation } from '../learner.ts';
import type {
  AssignmentProblem,
  LocalOption,
  NodeTable,
  RemoteAccess,
  RemoteOption,
} from '../solver/problem.ts';
import { frameShares, framesPerMs, isAsynchronous } from './frame-shares.ts';
import { expectedQueue } from './waiting.ts';

/** Noise of the three groups, relative; for the tail. */
export interface Spread {
  readonly local: number;
  readonly nodes: number;
  readonly links: number;
}

/** A joint placement problem with what is needed to read its solution. */
export interface JointProblem {
  readonly problem: AssignmentProblem;
  /** Mean response time of a device at the given target (-1: itself), variant and count, without weights. */
  responseMs(device: number, target: number, variant: number, count: number): number;
  placement(device: number, target: number, variant: number): Placement;
}

export interface JointInput {
  readonly observation: CellObservation;
  readonly actions: readonly OpenActions[];
  readonly costs: CostView;
  readonly spread: Spread;
  /** J by node (or device) id and variant. */
  readonly energyJ: (nodeId: string, variant: string) => number;
  /** Mean service of the variants that a node is expected to run, ms, by node id; missing: its best variant's. */
  readonly mixMs?: ReadonlyMap<string, number>;
}

/** Load of a node by others than the cell's planned frames, 0..1; known in synchronous epochs only. */
export const foreignLoad = (observation: CellObservation, nodeId: string): number =>
  isAsynchronous(observation)
    ? 0
    : (observation.loads.find((load) => load.nodeId === nodeId)?.utilization ?? 0);

/**
 * The assignment problem of a cell under the given costs. In synchronous epochs all devices ask at once, and a node's
 * time at count k is as learned for concurrency k. Otherwise it is one service and the wait that the frames of k
 * average devices cause at its slots. A device's own queue is not charged: the agent sees it exactly and sends a frame
 * elsewhere when it is busy, so that the plan is what holds for a frame that finds it free.
 */
export function jointProblem(input: JointInput): JointProblem {
  const { observation, actions, costs, spread, energyJ, mixMs } = input;
  const { cell } = observation;
  const n = actions.length;
  const asynchronous = isAsynchronous(observation);
  const seen = actions.map(({ observation: device }) => device);
  const meanRate = seen.reduce((sum, device) => sum + framesPerMs(device), 0) / Math.max(1, n);
  const shares = frameShares(seen);
  const variability =
    actions.reduce((sum, { observation: { arrivalVariability = 1 } }) => sum + arrivalVariability, 0) /
    Math.max(1, n);
  // A device with a higher floor of its own meets it by itself and has nothing to give to the others.
  const surplus = ({ accuracy }: Variant, ownFloor: boolean, share: number) =>
    ownFloor ? 0 : share * (accuracy - cell.objective.accuracyFloor);
  const index = new Map(cell.variants.map(({ name }, at) => [name, at]));

  const nodes = cell.nodes.map((node): NodeTable => {
    const served = node.variants.flatMap((name) => cell.variants[index.get(name) ?? -1] ?? []);
    const capacity = actions.some(({ remote }) => remote.some((target) => target.node.id === node.id))
      ? n
      : 0;
    const ms = new Float64Array(cell.variants.length * (capacity + 1));
    const load = foreignLoad(observation, node.id);
    const compute = ({ name }: Variant, concurrency: number, batchSize = 1) =>
      costs.computeMs({ nodeId: node.id, variant: name, concurrency, load, batchSize });
    const best = served.reduce<Variant | undefined>(
      (a, b) => (a && a.accuracy >= b.accuracy ? a : b),
      undefined,
    );
    const typicalMs = best && asynchronous ? (mixMs?.get(node.id) ?? compute(best, 1)) : 0;
    /** Times of batches of 1, 2, 3 …: as much longer than one inference as the best variant's are. */
    const serviceMs = Array.from({ length: costs.largestBatch(node.id) }, (_, at) =>
      best ? typicalMs * (compute(best, 1, at + 1) / compute(best, 1)) : typicalMs,
    );
    for (let k = 1; k <= capacity; k++) {
      let wait = 0;
      let together = k;
      let batchSize = 1;
      if (asynchronous) {
        const ratePerMs = k * meanRate;
        const { slots } = node;
        const queue = { slots, serviceMs, ratePerMs, arrivalVariability: variability, count: k };
        ({ waitMs: wait, batchSize } = expectedQueue(queue));
        const inService = (ratePerMs / batchSize) * serviceMs[batchSize - 1]!;
        together = Math.max(1, Math.min(slots, Math.round(inService)));
      }
      for (const variant of served)
        ms[index.get(variant.name)! * (capacity + 1) + k] = wait + compute(variant, together, batchSize);
    }
    return { capacity, ms };
  });

  const localMs = (device: number, { name }: Variant): number =>
    costs.localMs(actions[device]!.device.local.id, name);
  const networkMs = (device: number, target: number): number => {
    const {
      device: { id },
      remote,
    } = actions[device]!;
    const { link } = remote.find(({ node }) => node.id === cell.nodes[target]!.id)!;
    const { nodeId, roundTripMs } = link;
    return costs.networkMs({ deviceId: id, nodeId, class: link.class, roundTripMs });
  };

  const local = actions.map(({ objective, ownFloor, local: variants, device }, at): LocalOption[] => {
    const options = variants.map((variant) => ({ variant, ms: localMs(at, variant) }));
    return options
      .filter(({ ms }) => ms <= objective.deadlineMs)
      .map(({ variant, ms }) => ({
        variant: index.get(variant.name)!,
        cost:
          shares[at]! *
          (ms * responseWeight(objective, spread.local) +
            objective.energyMsPerJ * energyJ(device.id, variant.name)),
        surplus: surplus(variant, ownFloor, shares[at]!),
      }));
  });

  // Devices with the same options share one array, so that the large solver knows them for equals.
  const shared = new Map<string, readonly RemoteOption[]>();
  const remote = actions.map(({ objective, ownFloor, remote: targets }, at) =>
    cell.nodes.map((node, target): RemoteAccess | undefined => {
      const open = targets.find((candidate) => candidate.node.id === node.id);
      if (!open) return undefined;
      const share = shares[at]!;
      const network = networkMs(at, target);
      const key = [
        share,
        ownFloor,
        objective.energyMsPerJ,
        node.id,
        ...open.variants.map(({ name }) => name),
      ].join('\n');
      let options = shared.get(key);
      if (!options) {
        options = open.variants.map((variant) => ({
          variant: index.get(variant.name)!,
          surplus: surplus(variant, ownFloor, share),
          extra: share * objective.energyMsPerJ * energyJ(node.id, variant.name),
        }));
        shared.set(key, options);
      }
      return {
        offset: share * network * responseWeight(objective, spread.links),
        weight: share * responseWeight(objective, spread.nodes),
        limitMs: objective.deadlineMs - network,
        options,
      };
    }),
  );

  return {
    problem: { local, nodes, remote },
    responseMs: (device, target, variant, count) => {
      if (target < 0) return localMs(device, cell.variants[variant]!);
      return networkMs(device, target) + nodes[target]!.ms[variant * (nodes[target]!.capacity + 1) + count]!;
    },
    placement: (device, target, variant) => {
      const name = cell.variants[variant]!.name;
      if (target < 0) return { tier: 'device', nodeId: actions[device]!.device.id, variant: name };
      const node = cell.nodes[target]!;
      return { tier: node.tier, nodeId: node.id, variant: name };
    },
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

/** Says which constraint leaves nothing. */
export function nothingMeets(actions: readonly OpenActions[], cell: Cell): FailedPrecondition {
  const stranded = actions.filter(({ local, remote }) => local.length === 0 && remote.length === 0);
  const { accuracyFloor, deadlineMs, allowedTiers } = cell.objective;
  const why =
    stranded.length > 0
      ? `no reachable target on the allowed tiers (${allowedTiers.join(', ')}) serves a variant for ${stranded.map(({ device }) => device.id).join(', ')}`
      : `the accuracy floor ${accuracyFloor} with the deadline of ${deadlineMs} ms leaves no joint placement`;
  return new FailedPrecondition(`cell ${cell.id}: ${why}`, { reason: 'NO_PLACEMENT' });
}
