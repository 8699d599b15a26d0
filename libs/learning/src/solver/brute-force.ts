import { type Assignment, type AssignmentProblem, floorSlack, remoteCost } from './problem.ts';

/**
 * Every joint assignment in turn: the reference that the solver and the learners are held against. Time grows as
 * (options per device)^n; throws RangeError above 10^7. Undefined when no assignment meets the constraints.
 */
export function bruteForce(problem: AssignmentProblem): Assignment | undefined {
  const choices = problem.local.map((local, device) => [
    ...local.map((option) => ({ target: -1, option })),
    ...problem.nodes.flatMap(
      (_, target) => problem.remote[device]![target]?.options.map((option) => ({ target, option })) ?? [],
    ),
  ]);
  if (choices.reduce((product, list) => product * list.length, 1) > 1e7)
    throw new RangeError('too many joint assignments for brute force');

  const n = choices.length;
  const picked = new Int32Array(n);
  let best: Assignment | undefined;
  const counts = problem.nodes.map(() => 0);

  const visit = (device: number): void => {
    if (device < n) {
      choices[device]!.forEach(({ target }, index) => {
        if (target >= 0 && counts[target]! >= problem.nodes[target]!.capacity) return;
        picked[device] = index;
        if (target >= 0) counts[target]!++;
        visit(device + 1);
        if (target >= 0) counts[target]!--;
      });
      return;
    }
    let cost = 0;
    let surplus = 0;
    for (let i = 0; i < n; i++) {
      const { target, option } = choices[i]![picked[i]!]!;
      surplus += option.surplus;
      cost +=
        'cost' in option
          ? option.cost
          : remoteCost(problem.nodes[target]!, problem.remote[i]![target]!, option, counts[target]!);
    }
    if (surplus < -floorSlack || !(cost < (best?.cost ?? Infinity))) return;
    best = {
      targets: Int32Array.from(picked, (index, i) => choices[i]![index]!.target),
      variants: Int32Array.from(picked, (index, i) => choices[i]![index]!.option.variant),
      cost,
      surplus,
      lowerBound: cost,
      gap: 0,
      price: 0,
    };
  };
  visit(0);
  return best;
}
