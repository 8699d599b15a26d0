import { FailedPrecondition, type Random } from '@weir/base';
import type { Placement } from '@weir/domain';
import { type ActionSpace, type OpenActions, openActions, placements } from '../actions.ts';
import type { CellObservation } from '../learner.ts';
import { nothingMeets } from '../planner/joint-problem.ts';
import { solveAssignment } from '../solver/solve.ts';

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
  return {
    key: JSON.stringify([
      floor,
      open.map(({ device }, i) => [device.id, actions[i]!.map((p) => [p.nodeId, p.variant])]),
    ]),
    deviceIds: open.map(({ device }) => device.id),
    actions,
    surplus: actions.map((list, i) =>
      list.map(({ variant }) => (open[i]!.ownFloor ? 0 : accuracyOf.get(variant)! - floor)),
    ),
    size: actions.reduce((product, list) => product * list.length, 1),
    features,
    stateKey: [...features].map((value) => Math.round(8 * value)).join(''),
  };
}

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
export const encode = ({ actions }: JointSpace, picks: readonly number[]): number =>
  picks.reduce((index, pick, device) => index * actions[device]!.length + pick, 0);

export function decode({ actions }: JointSpace, index: number): number[] {
  const picks = new Array<number>(actions.length);
  for (let device = actions.length - 1; device >= 0; device--) {
    picks[device] = index % actions[device]!.length;
    index = Math.floor(index / actions[device]!.length);
  }
  return picks;
}

export function isFeasible({ surplus }: JointSpace, picks: readonly number[]): boolean {
  let sum = 0;
  for (let device = 0; device < picks.length; device++) sum += surplus[device]![picks[device]!]!;
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
    for (let pick = 0; pick < list.length; pick++)
      visit(device + 1, index * list.length + pick, sum + list[pick]!);
  };
  visit(0, 0, 0);
  return Uint32Array.from(found);
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
export function randomAction(space: JointSpace, random: Random, masked: boolean): number[] {
  const picks = new Array<number>(space.actions.length);
  const draw = () => {
    for (let device = 0; device < picks.length; device++)
      picks[device] = random.integer(space.actions[device]!.length);
  };
  draw();
  if (!masked) return picks;
  for (let tries = 0; tries < 300 && !isFeasible(space, picks); tries++) draw();
  // Rarer than that in large cells: raise the accuracy of one device after the other.
  const order = space.surplus.map((_, device) => device).sort(() => random.uniform() - 0.5);
  for (const device of order) {
    if (isFeasible(space, picks)) break;
    const list = space.surplus[device]!;
    const top = Math.max(...list);
    const best = list.flatMap((value, pick) => (value === top ? [pick] : []));
    picks[device] = best[random.integer(best.length)]!;
  }
  return picks;
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
    for (let pick = 1; pick < space.actions[device]!.length; pick++)
      if (list[pick]! > list[best]!) best = pick;
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
