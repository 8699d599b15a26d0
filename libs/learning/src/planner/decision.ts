import { mapInSteps, type Steps } from '@weir/base';
import type { Placement, PlannedLook } from '@weir/domain';
import type { ActionSpace, OpenActions } from '../actions.ts';
import type { Beliefs } from '../beliefs/beliefs.ts';
import type { CostView } from '../beliefs/cost-view.ts';
import type { CellObservation } from '../learner.ts';
import { exactDevices, solveInSteps } from '../solver/solve.ts';
import { isAsynchronous } from './frame-shares.ts';
import { type JointAssignment, sameJointAssignment } from './joint-assignment.ts';
import { type JointInput, type JointProblem, jointProblem } from './joint-problem.ts';
import { polished } from './polish.ts';

/** A cell's problem under some costs, and its best assignment. */
export interface Solved {
  readonly joint: JointProblem;
  readonly costs: CostView;
  readonly assignment: JointAssignment;
}

export interface DecisionInput {
  readonly observation: CellObservation;
  readonly actions: readonly OpenActions[];
  readonly beliefs: Beliefs;
  readonly energyJ: (nodeId: string, variant: string) => number;
  readonly actionSpace: ActionSpace;
}

/** Solutions after the first: second looks meet frames that are known only once it has been solved. */
const mostRounds = 3;
/** What a further solution must promise, as a share of the cost. */
const leastGain = 1e-3;

/** The best assignment under those costs; undefined when nothing meets the constraints. */
export function* decide(input: DecisionInput, costs: CostView): Steps<Solved | undefined> {
  const joint = yield* problem(input, costs);
  const assignment = yield* solve(joint);
  if (!assignment) return undefined;
  if (joint.looksTwice) return yield* settled(input, { joint, costs, assignment });
  const mixMs = meanServices(input, costs, assignment);
  if (!mixMs) return { joint, costs, assignment };
  // Who waits at a node waits for what runs there: once more with the services of the variants just planned.
  const remixed = yield* problem(input, costs, { mixMs, known: joint });
  const again = yield* solve(remixed);
  return again ? { joint: remixed, costs, assignment: again } : { joint, costs, assignment };
}

/** The best assignment under a draw of the costs, beside the frames and with the mix of variants that `greedy` has. */
export function* decideUnder(
  input: DecisionInput,
  costs: CostView,
  greedy: Solved,
): Steps<Solved | undefined> {
  const crowd = greedy.assignment;
  const joint = yield* problem(input, costs, { mixMs: meanServices(input, costs, crowd), crowd });
  const assignment = yield* solve(joint);
  return assignment && { joint, costs, assignment: costed(joint, assignment) };
}

/**
 * Solves again among the frames of the solution before, until that promises nothing more, and returns whichever of the
 * solutions is cheapest among its own frames.
 */
function* settled(input: DecisionInput, first: Solved): Steps<Solved | undefined> {
  const { costs } = first;
  let { joint, assignment: last } = first;
  let best: Solved | undefined;
  for (let round = 0; round <= mostRounds; round++) {
    const mixMs = meanServices(input, costs, last);
    joint = yield* problem(input, costs, { mixMs, known: joint, crowd: last });
    const assignment = costed(joint, last);
    if (assignment.cost < (best?.assignment.cost ?? Infinity)) best = { joint, costs, assignment };
    const next: JointAssignment | undefined = round < mostRounds ? yield* solve(joint) : undefined;
    if (!next || next.cost > (1 - leastGain) * assignment.cost || sameJointAssignment(next, last)) break;
    last = next;
  }
  if (best && input.actions.length <= exactDevices)
    return { ...best, assignment: polished(best.joint, best.assignment) };
  // Whatever second looks are planned, they crowd a node beyond a deadline: do without.
  const actions = input.actions.map((open) => ({ ...open, firstLooks: [] }));
  return best ?? (yield* decide({ ...input, actions }, costs));
}

function* solve(joint: JointProblem): Steps<JointAssignment | undefined> {
  const solution = yield* solveInSteps(joint.problem);
  yield;
  return solution && joint.read(solution);
}

/** With the cost that it has among its own frames. */
const costed = (joint: JointProblem, assignment: JointAssignment): JointAssignment =>
  joint.looksTwice ? { ...assignment, cost: joint.costOf(assignment) } : assignment;

/** The placement of each device. */
export const placementsOf = (
  actions: readonly OpenActions[],
  joint: JointProblem,
  { targets, variants }: JointAssignment,
): Map<string, Placement> => {
  const placements = new Map<string, Placement>();
  actions.forEach(({ device }, at) =>
    placements.set(device.id, joint.placement(at, targets[at]!, variants[at]!)),
  );
  return placements;
};

/** A second look as planned, with the share of the frames that get it. */
export interface SharedLook extends PlannedLook {
  /** 0..1 */
  readonly share: number;
}

/** The second look of each device that has one. */
export function secondLooksOf(
  { actions, observation: { cell } }: DecisionInput,
  joint: JointProblem,
  { looks }: JointAssignment,
): Map<string, SharedLook> {
  const curves = cell.looks?.version ?? '';
  return new Map(
    actions.flatMap(({ device: { id } }, at): [string, SharedLook][] => {
      const look = looks?.[at];
      if (!look) return [];
      const { target, variant, marginBelow, share } = look;
      return [[id, { placement: joint.placement(at, target, variant), marginBelow, curves, share }]];
    }),
  );
}

/** Mean response time expected of each device, ms. */
export function* predictionsOf(
  { actions }: DecisionInput,
  joint: JointProblem,
  assignment: JointAssignment,
): Steps<Map<string, number>> {
  const presence = joint.presenceOf(assignment);
  const predictions = new Map<string, number>();
  yield* mapInSteps(actions, ({ device }, at) => {
    predictions.set(device.id, joint.responseMs(at, assignment, presence));
  });
  return predictions;
}

function* problem(
  { observation, actions, beliefs: { local, nodes, links }, energyJ }: DecisionInput,
  costs: CostView,
  among: Pick<JointInput, 'mixMs' | 'known' | 'crowd'> = {},
): Steps<JointProblem> {
  const spread = {
    local: local.noise.deviation,
    nodes: nodes.noise.deviation,
    links: links.noise.deviation,
  };
  return yield* jointProblem({ observation, actions, costs, spread, energyJ, ...among });
}

/** Mean service at each node under an assignment, ms; undefined where counts alone tell the time. */
function meanServices(
  { observation, actionSpace }: DecisionInput,
  costs: CostView,
  { targets, variants, looks }: JointAssignment,
): Map<string, number> | undefined {
  const { cell } = observation;
  if (!isAsynchronous(observation) || actionSpace === 'paper') return undefined;
  const sums = new Map<string, { ms: number; count: number }>();
  const add = (target: number, at: number, count: number) => {
    if (target < 0) return;
    const nodeId = cell.nodes[target]!.id;
    const variant = cell.variants[at]!.name;
    const sum = sums.get(nodeId) ?? { ms: 0, count: 0 };
    sum.ms += count * costs.computeMs({ nodeId, variant, concurrency: 1, load: 0 });
    sum.count += count;
    sums.set(nodeId, sum);
  };
  targets.forEach((target, device) => add(target, variants[device]!, 1));
  for (const look of looks ?? []) if (look) add(look.target, look.variant, look.share);
  return new Map([...sums].map(([id, { ms, count }]) => [id, ms / count]));
}
