import { FailedPrecondition, getOrAdd, mapInSteps, type Steps } from '@weir/base';
import type { Cell, Placement, Variant } from '@weir/domain';
import type { OpenActions, RemoteTarget } from '../actions.ts';
import type { CostView } from '../beliefs/cost-view.ts';
import type { CellObservation } from '../learner.ts';
import { costOf } from '../solver/assignment.ts';
import {
  accessCost,
  type Assignment,
  type AssignmentProblem,
  type LocalOption,
  type NodeTable,
  type RemoteAccess,
  type RemoteOption,
} from '../solver/problem.ts';
import { DeviceCosts, type Spread } from './device-costs.ts';
import { frameShares, isAsynchronous } from './frame-shares.ts';
import {
  type DeviceChoice,
  type JointAssignment,
  type Presence,
  presenceOf,
  type SecondLook,
} from './joint-assignment.ts';
import { lookOptions } from './look-options.ts';
import { nodeTimes, type NodeTimes } from './node-times.ts';

/** A joint placement problem with what is needed to read its solution. */
export interface JointProblem {
  readonly problem: AssignmentProblem;
  /** Whether any device may look at a frame again. */
  readonly looksTwice: boolean;
  /** A solution of `problem`, its second looks where they are cheapest beside each other. */
  read(solution: Assignment): JointAssignment;
  /** What it costs, every second look being among the frames that it meets; Infinity when a deadline forbids it. */
  costOf(assignment: JointAssignment): number;
  /** Mean response time of a device, ms, without weights, second looks included. */
  responseMs(device: number, assignment: JointAssignment, presence: Presence): number;
  presenceOf(assignment: JointAssignment): Presence;
  /** For other problems with the same costs. */
  readonly own: readonly DeviceCosts[];
  readonly times: NodeTimes;
  /** What a device may do instead, its present second look at any other place included. */
  choices(device: number, instead: DeviceChoice): DeviceChoice[];
  /** Accuracy above the floor, by the device's share of the frames. */
  surplusOf(device: number, variant: number, look: SecondLook | undefined): number;
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
  readonly mixMs?: ReadonlyMap<string, number> | undefined;
  /** Another problem with these costs and actions, and with a mix if there is one here: what they share is not worked out again. */
  readonly known?: JointProblem | undefined;
  /** Whom second looks are expected to meet at the nodes, and whom they keep waiting there; absent: nobody. */
  readonly crowd?: JointAssignment | undefined;
}

/** Numbers of devices at a node whose times are worked out at once. */
const countsAtOnce = 256;

/**
 * The assignment problem of a cell under the given costs. A device's own queue is not charged: the agent sees it exactly
 * and sends a frame elsewhere when it is busy, so that the plan is what holds for a frame that finds it free.
 */
export function* jointProblem(input: JointInput): Steps<JointProblem> {
  const { observation, actions, costs, energyJ, mixMs, known, crowd } = input;
  const { cell } = observation;
  const n = actions.length;
  const seen = actions.map(({ observation: device }) => device);
  const shares = frameShares(seen);
  const times = known && !mixMs ? known.times : nodeTimes({ observation, costs, mixMs, devices: seen });
  const own = known?.own ?? (yield* mapInSteps(actions, (open) => new DeviceCosts(open, input)));
  const looks = lookOptions({ cell, actions, own, times, shares, asynchronous: isAsynchronous(observation) });
  const among = (assignment: JointAssignment) => presenceOf(assignment, { nodes: cell.nodes.length, shares });
  const crowded = looks.any && crowd ? { assignment: crowd, presence: among(crowd) } : undefined;
  // A device with a higher floor of its own meets it by itself and has nothing to give to the others.
  const surplus = (accuracy: number, ownFloor: boolean, share: number) =>
    ownFloor ? 0 : share * (accuracy - cell.objective.accuracyFloor);
  const index = new Map(cell.variants.map(({ name }, at) => [name, at]));

  const nodes: NodeTable[] = [];
  for (const [target, node] of cell.nodes.entries()) {
    const reached = actions.some(({ remote }) => remote.some((open) => open.target === target));
    const capacity = reached ? n : 0;
    const ms = new Float64Array(cell.variants.length * (capacity + 1));
    const others = crowded?.presence.looks[target] ?? 0;
    const served = node.variants.flatMap((name) => index.get(name) ?? []);
    for (let k = 1; k <= capacity; k++) {
      if (k % countsAtOnce === 0) yield;
      for (const variant of served) ms[variant * (capacity + 1) + k] = times(target, variant, k + others);
    }
    nodes.push({ capacity, ms });
  }

  const localOptions = ({ objective, ownFloor, local: variants }: OpenActions, at: number): LocalOption[] => {
    const options: LocalOption[] = [];
    for (const { name, accuracy } of variants) {
      const variant = index.get(name)!;
      const { ms, cost } = own[at]!.local(variant);
      if (ms > objective.deadlineMs) continue;
      options.push({ variant, cost: shares[at]! * cost, surplus: surplus(accuracy, ownFloor, shares[at]!) });
    }
    return looks.added(options, at, crowded);
  };
  const optionsOf = sharedOptions((open, share, variant) => ({
    variant: index.get(variant.name)!,
    surplus: surplus(variant.accuracy, open.ownFloor, share),
    extra: share * open.objective.energyMsPerJ * energyJ(open.node.id, variant.name),
  }));
  const accesses = ({ objective, ownFloor, remote: targets }: OpenActions, at: number) => {
    const row = new Array<RemoteAccess | undefined>(cell.nodes.length).fill(undefined);
    const share = shares[at]!;
    for (const { node, target, variants } of targets) {
      const network = own[at]!.networkMs(target);
      row[target] = {
        offset: share * network * own[at]!.linkWeight,
        weight: share * own[at]!.nodeWeight,
        limitMs: objective.deadlineMs - network,
        options: optionsOf({ objective, ownFloor, node, variants }, share),
      };
    }
    return row;
  };
  const problem = {
    // Second looks are beside another crowd in each problem.
    local: known && !looks.any ? known.problem.local : yield* mapInSteps(actions, localOptions),
    nodes,
    remote: known ? known.problem.remote : yield* mapInSteps(actions, accesses),
  };
  const { local, remote } = problem;

  /** Cost of one device among the others; Infinity when it is forbidden there. */
  const costAmong = (
    device: number,
    { targets, variants, looks: all }: JointAssignment,
    presence: Presence,
  ) => {
    const [target, variant, look] = [targets[device]!, variants[device]!, all?.[device]];
    const { deadlineMs } = actions[device]!.objective;
    if (look) return looks.costAmong(device, variant, look, presence);
    if (target < 0) {
      const { ms, cost } = own[device]!.local(variant);
      return ms <= deadlineMs ? shares[device]! * cost : Infinity;
    }
    const access = remote[device]![target]!;
    const option = access.options.find((candidate) => candidate.variant === variant)!;
    const count = presence.devices[target]! + presence.looks[target]!;
    return accessCost(access, times(target, variant, count), option.extra);
  };

  return {
    problem,
    looksTwice: looks.any,
    own,
    times,
    presenceOf: among,
    read: (solution) => looks.read(solution, among),
    costOf(assignment) {
      if (!looks.any) return costOf(problem, assignment);
      const presence = among(assignment);
      return actions.reduce((sum, _, device) => sum + costAmong(device, assignment, presence), 0);
    },
    responseMs(device, { targets, variants, looks: all }, presence) {
      const [target, variant, look] = [targets[device]!, variants[device]!, all?.[device]];
      if (look) return looks.responseMs(device, variant, look, presence);
      if (target < 0) return own[device]!.local(variant).ms;
      const count = presence.devices[target]! + presence.looks[target]!;
      return own[device]!.networkMs(target) + times(target, variant, count);
    },
    choices: (device, { variant, look }) => [
      ...looks.choices(device, local[device]!),
      ...(look ? looks.elsewhere(device, look).map((each) => ({ target: -1, variant, look: each })) : []),
      ...remote[device]!.flatMap((access, target) =>
        (access?.options ?? []).map((option) => ({ target, variant: option.variant, look: undefined })),
      ),
    ],
    surplusOf: (device, variant, look) =>
      surplus(
        cell.variants[variant]!.accuracy + (look?.gain ?? 0),
        actions[device]!.ownFloor,
        shares[device]!,
      ),
    placement: (device, target, variant) => {
      const name = cell.variants[variant]!.name;
      if (target < 0) return { tier: 'device', nodeId: actions[device]!.device.id, variant: name };
      const node = cell.nodes[target]!;
      return { tier: node.tier, nodeId: node.id, variant: name };
    },
  };
}

/** What a device may do at a node. */
type OpenThere = Pick<RemoteTarget, 'node' | 'variants'> & Pick<OpenActions, 'objective' | 'ownFloor'>;

/** Devices with the same options share one list, so that the large solver knows them for equals. */
function sharedOptions(
  optionOf: (open: OpenThere, share: number, variant: Variant) => RemoteOption,
): (open: OpenThere, share: number) => readonly RemoteOption[] {
  interface Shared {
    readonly open: OpenThere;
    readonly options: readonly RemoteOption[];
  }
  const lists = new Map<readonly Variant[], Map<number, Shared[]>>();
  return (open, share) => {
    const ofVariants = getOrAdd(lists, open.variants, () => new Map<number, Shared[]>());
    const ofShare = getOrAdd(ofVariants, share, () => []);
    const same = ofShare.find(
      (each) =>
        each.open.ownFloor === open.ownFloor &&
        each.open.objective.energyMsPerJ === open.objective.energyMsPerJ,
    );
    if (same) return same.options;
    const options = open.variants.map((variant) => optionOf(open, share, variant));
    ofShare.push({ open, options });
    return options;
  };
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
