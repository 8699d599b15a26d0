import { FailedPrecondition, type Random } from '@weir/base';
import type { Placement } from '@weir/domain';
import { type ActionSpace, type OpenActions, openActions, placements } from '../actions.ts';
import type { CellObservation } from '../learner.ts';
import { nothingMeets } from '../planner/joint-problem.ts';
import { solveAssignment } from '../solver/solve.ts';

/** One action of every device, as an index into its own list of placements. */
export type JointAction = readonly number[];

/** The joint actions of a cell: one index per device into its own list of placements. */
export interface JointSpace {
  /** Same key, same devices and same lists. */
  readonly key: string;
  readonly deviceIds: readonly string[];
  /** [device][action] */
  readonly actions: readonly (readonly Placement[])[];
  /** Accuracy above the floor, [device][action]; the sum over the devices must be >= 0. */
  readonly surplus: readonly (readonly number[])[];
  /** Number of joint actions: the product of the lists' lengths. */
  readonly size: number;
  /** What a state is made of, each 0..1: link classes and reachability, then loads. */
  readonly features: Float32Array;
  /** The same as text: the state of a table. */
  readonly stateKey: string;
}

/** Slack of the floor against rounding. */
const slack = 1e-9;

/** The joint space and the state of an observation. Throws FailedPrecondition when a device has no action at all. */
export function jointSpace(observation: CellObservation, space: ActionSpace): JointSpace {
  const open = openActions(observation, space);
  if (open.some(({ local, remote }) => local.length + remote.length === 0))
    throw nothingMeets(open, observation.cell);
  const accuracyOf = new Map(observation.cell.variants.map(({ name, accuracy }) => [name, accuracy]));
  const actions = open.map(placements);
  const floor = observation.cell.objective.accuracyFloor;
  const features = stateFeatures(observation, open);
  const deviceIds = open.map(({ device }) => device.id);
  return {
    key: `[${floor},${listsKeyOf(deviceIds, actions)}]`,
    deviceIds,
    actions,
    surplus: actions.map((list, i) =>
      list.map(({ variant }) => (open[i]!.ownFloor ? 0 : accuracyOf.get(variant)! - floor)),
    ),
    size: sizeOf(actions),
    features,
    stateKey: stateKeyOf(features),
  };
}

/** What a space's key says of its devices and lists, beside the floor. */
export const listsKeyOf = (deviceIds: JointSpace['deviceIds'], actions: JointSpace['actions']): string =>
  JSON.stringify(
    deviceIds.map((id, device) => [id, actions[device]!.map(({ nodeId, variant }) => [nodeId, variant])]),
  );

export const sizeOf = (actions: JointSpace['actions']): number =>
  actions.reduce((product, list) => product * list.length, 1);

export const stateKeyOf = (features: Float32Array): string =>
  [...features].map((value) => Math.round(8 * value)).join('');

/** A joint action as a plan's placements. */
export const placementsOf = (
  { deviceIds, actions }: JointSpace,
  jointAction: JointAction,
): Map<string, Placement> =>
  new Map(deviceIds.map((id, device) => [id, actions[device]![jointAction[device]!]!]));

/** The paper's state as the observation has it: each link's class, each node's load in nine levels. */
function stateFeatures({ loads, cell }: CellObservation, open: readonly OpenActions[]): Float32Array {
  const links = open.flatMap(({ observation }) =>
    cell.nodes.map(({ id }) => {
      const link = observation.links.find(({ nodeId }) => nodeId === id);
      if (!link?.reachable) return 1;
      return link.class === 'weak' ? 0.5 : 0;
    }),
  );
  const levels = cell.nodes.map(
    ({ id }) => Math.round(8 * (loads.find(({ nodeId }) => nodeId === id)?.utilization ?? 0)) / 8,
  );
  return Float32Array.from([...links, ...levels]);
}

/** Index of a joint action, the first device the most significant. */
export const encode = ({ actions }: JointSpace, jointAction: JointAction): number =>
  jointAction.reduce((index, action, device) => index * actions[device]!.length + action, 0);

export function decode({ actions }: JointSpace, index: number): number[] {
  const jointAction = new Array<number>(actions.length);
  for (let device = actions.length - 1; device >= 0; device--) {
    jointAction[device] = index % actions[device]!.length;
    index = Math.floor(index / actions[device]!.length);
  }
  return jointAction;
}

export function isFeasible({ surplus }: JointSpace, jointAction: JointAction): boolean {
  let sum = 0;
  for (let device = 0; device < jointAction.length; device++) sum += surplus[device]![jointAction[device]!]!;
  return sum >= -slack;
}

/** Indices of the joint actions above the floor, ascending. */
export function feasibleActions(space: JointSpace): Uint32Array {
  const found: number[] = [];
  const { surplus } = space;
  const most = new Array<number>(surplus.length + 1).fill(0);
  for (let i = surplus.length - 1; i >= 0; i--) most[i] = most[i + 1]! + Math.max(...surplus[i]!);
  const visit = (device: number, index: number, sum: number): void => {
    if (sum + most[device]! < -slack) return;
    if (device === surplus.length) return void found.push(index);
    const list = surplus[device]!;
    for (let action = 0; action < list.length; action++)
      visit(device + 1, index * list.length + action, sum + list[action]!);
  };
  visit(0, 0, 0);
  return Uint32Array.from(found);
}

/** By device: share of the joint actions, of all or of those that are `open`, in which it does as in this one. */
export function sharesAlike(
  space: JointSpace,
  jointAction: JointAction,
  open: Uint32Array | undefined,
): number[] {
  if (!open) return jointAction.map((_, device) => 1 / space.actions[device]!.length);
  const shares = jointAction.map(() => 0);
  for (const entry of open)
    decode(space, entry).forEach((action, device) => {
      if (action === jointAction[device]) shares[device]! += 1 / open.length;
    });
  return shares;
}

/** Refuses cells whose joint actions would not fit. */
export function requireSize({ size, deviceIds }: JointSpace, limit: number, learner: string): void {
  if (size > limit)
    throw new FailedPrecondition(
      `${learner} enumerates joint actions: ${deviceIds.length} devices have ${size}, its limit is ${limit}`,
      { reason: 'JOINT_SPACE_TOO_LARGE' },
    );
}

/** Uniform over the joint actions; above the floor only when `masked`, then uniform over those. */
export function randomJointAction(space: JointSpace, random: Random, masked: boolean): number[] {
  const jointAction = new Array<number>(space.actions.length);
  const draw = () => {
    for (let device = 0; device < jointAction.length; device++)
      jointAction[device] = random.integer(space.actions[device]!.length);
  };
  draw();
  if (!masked) return jointAction;
  for (let tries = 0; tries < 300 && !isFeasible(space, jointAction); tries++) draw();
  // Rarer than that in large cells: raise the accuracy of one device after the other.
  const order = space.surplus.map((_, device) => device).sort(() => random.uniform() - 0.5);
  for (const device of order) {
    if (isFeasible(space, jointAction)) break;
    const list = space.surplus[device]!;
    const top = Math.max(...list);
    const best = list.flatMap((value, action) => (value === top ? [action] : []));
    jointAction[device] = best[random.integer(best.length)]!;
  }
  return jointAction;
}

/**
 * The joint action with the largest sum of per-device values; above the floor only when `masked`: a multiple-choice
 * knapsack, left to the assignment solver without shared nodes.
 */
export function largestSum(
  space: JointSpace,
  values: readonly ArrayLike<number>[],
  masked: boolean,
): number[] {
  const argmax = values.map((list, device) => {
    let best = 0;
    for (let action = 1; action < space.actions[device]!.length; action++)
      if (list[action]! > list[best]!) best = action;
    return best;
  });
  if (!masked || isFeasible(space, argmax)) return argmax;
  const solved = solveAssignment({
    local: space.surplus.map((list, device) =>
      list.map((surplus, variant) => ({ variant, cost: -values[device]![variant]!, surplus })),
    ),
    nodes: [],
    remote: space.surplus.map(() => []),
  });
  return solved ? [...solved.variants] : argmax;
}
