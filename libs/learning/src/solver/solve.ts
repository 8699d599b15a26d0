import { finish, type Steps } from '@weir/base';
import { solveLargeInSteps } from './large.ts';
import type { Assignment, AssignmentProblem } from './problem.ts';
import { countVectorCount, solveSmall } from './small.ts';

/** Largest cell that is solved exactly. */
export const exactDevices = 14;
/** Most vectors of node counts that the exact solver looks at. */
const exactVectors = 4_000;

/**
 * Cheapest joint assignment above the floor: exact for small cells, with a proven gap for large ones. Undefined when
 * none meets the constraints (in a large cell: when none was found).
 */
export const solveAssignment = (problem: AssignmentProblem): Assignment | undefined =>
  finish(solveInSteps(problem));

/** The same with stops, where the cell is large. */
export function* solveInSteps(problem: AssignmentProblem): Steps<Assignment | undefined> {
  const n = problem.local.length;
  const capacities = problem.nodes.map(({ capacity }) => Math.min(n, capacity));
  const small = n <= exactDevices && countVectorCount(n, capacities) <= exactVectors;
  return small ? solveSmall(problem) : yield* solveLargeInSteps(problem);
}
