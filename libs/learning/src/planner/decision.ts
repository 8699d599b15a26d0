import type { Placement } from '@weir/domain';
import type { ActionSpace, OpenActions } from '../actions.ts';
import type { Beliefs } from '../beliefs/beliefs.ts';
import type { CostView } from '../beliefs/cost-view.ts';
import type { CellObservation } from '../learner.ts';
import { countsOf } from '../solver/assignment.ts';
import type { Assignment } from '../solver/problem.ts';
import { solveAssignment } from '../solver/solve.ts';
import { isAsynchronous } from './frame-shares.ts';
import { type JointProblem, jointProblem } from './joint-problem.ts';

/** A cell's problem under some costs, and its best assignment. */
export interface Solved {
  readonly joint: JointProblem;
  readonly costs: CostView;
  readonly assignment: Assignment;
}

export interface DecisionInput {
  readonly observation: CellObservation;
  readonly actions: readonly OpenActions[];
  readonly beliefs: Beliefs;
  readonly energyJ: (nodeId: string, variant: string) => number;
  readonly actionSpace: ActionSpace;
}

/** The best assignment under those costs; undefined when nothing meets the constraints. */
export function decide(input: DecisionInput, costs: CostView): Solved | undefined {
  const joint = problem(input, costs);
  const assignment = solveAssignment(joint.problem);
  if (!assignment) return undefined;
  const mixMs = meanServices(input, costs, assignment);
  if (!mixMs) return { joint, costs, assignment };
  // Who waits at a node waits for what runs there: once more with the services of the variants just planned.
  const remixed = problem(input, costs, mixMs);
  const again = solveAssignment(remixed.problem);
  return again ? { joint: remixed, costs, assignment: again } : { joint, costs, assignment };
}

/** The best assignment under a draw of the costs, with the mix of variants that `greedy` runs. */
export function decideUnder(input: DecisionInput, costs: CostView, greedy: Solved): Solved | undefined {
  const joint = problem(input, costs, meanServices(input, costs, greedy.assignment));
  const assignment = solveAssignment(joint.problem);
  return assignment && { joint, costs, assignment };
}

/** The placement of each device. */
export const placementsOf = (
  actions: readonly OpenActions[],
  joint: JointProblem,
  { targets, variants }: Assignment,
): Map<string, Placement> =>
  new Map(actions.map(({ device }, at) => [device.id, joint.placement(at, targets[at]!, variants[at]!)]));

/** Mean response time expected of each device, ms. */
export function predictionsOf(
  { actions, observation }: DecisionInput,
  joint: JointProblem,
  assignment: Assignment,
): Map<string, number> {
  const { targets, variants } = assignment;
  const counts = countsOf(assignment, observation.cell.nodes.length);
  return new Map(
    actions.map(({ device }, at) => {
      const target = targets[at]!;
      return [device.id, joint.responseMs(at, target, variants[at]!, target < 0 ? 0 : counts[target]!)];
    }),
  );
}

function problem(
  { observation, actions, beliefs: { local, nodes, links }, energyJ }: DecisionInput,
  costs: CostView,
  mixMs?: ReadonlyMap<string, number>,
): JointProblem {
  const spread = {
    local: local.noise.deviation,
    nodes: nodes.noise.deviation,
    links: links.noise.deviation,
  };
  const input = { observation, actions, costs, spread, energyJ };
  return jointProblem(mixMs ? { ...input, mixMs } : input);
}

/** Mean service at each node under an assignment, ms; undefined where counts alone tell the time. */
function meanServices(
  { observation, actionSpace }: DecisionInput,
  costs: CostView,
  { targets, variants }: Assignment,
): Map<string, number> | undefined {
  const { cell } = observation;
  if (!isAsynchronous(observation) || actionSpace === 'paper') return undefined;
  const sums = new Map<string, { ms: number; count: number }>();
  targets.forEach((target, device) => {
    if (target < 0) return;
    const nodeId = cell.nodes[target]!.id;
    const variant = cell.variants[variants[device]!]!.name;
    const sum = sums.get(nodeId) ?? { ms: 0, count: 0 };
    sum.ms += costs.computeMs({ nodeId, variant, concurrency: 1, load: 0 });
    sum.count++;
    sums.set(nodeId, sum);
  });
  return new Map([...sums].map(([id, { ms, count }]) => [id, ms / count]));
}
