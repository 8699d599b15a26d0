import { type Assignment, type AssignmentProblem, remoteCost } from './problem.ts';

/** Devices on each of so many nodes. */
export function countsOf({ targets }: Assignment, nodes: number): Int32Array {
  const counts = new Int32Array(nodes);
  for (const target of targets) if (target >= 0) counts[target]!++;
  return counts;
}

/** Cost of an assignment that was found under other costs; Infinity when it is forbidden under these. */
export function costOf(problem: AssignmentProblem, assignment: Assignment): number {
  const { targets, variants } = assignment;
  const counts = countsOf(assignment, problem.nodes.length);
  let cost = 0;
  targets.forEach((target, device) => {
    const variant = variants[device]!;
    if (target < 0) {
      cost += problem.local[device]!.find((option) => option.variant === variant)?.cost ?? Infinity;
      return;
    }
    const access = problem.remote[device]![target]!;
    const option = access.options.find((candidate) => candidate.variant === variant)!;
    cost += remoteCost(problem.nodes[target]!, access, option, counts[target]!);
  });
  return cost;
}

export const sameAssignment = (a: Assignment, b: Assignment): boolean =>
  a.targets.every((target, at) => target === b.targets[at]) &&
  a.variants.every((variant, at) => variant === b.variants[at]);
