import { type AssignmentProblem, remoteCost } from './problem.ts';

/** What a device can choose once the counts are fixed; target 0 is the device itself, j + 1 is node j. */
export interface Choice {
  readonly target: number;
  readonly variant: number;
  readonly cost: number;
  readonly surplus: number;
}

/**
 * Choices of one device on its own processor, without the dominated ones (as dear or dearer, and no more accurate),
 * cheapest first; so surplus rises with cost.
 */
export function localChoices(problem: AssignmentProblem, device: number): Choice[] {
  return withoutDominated(problem.local[device]!.map((option) => ({ target: 0, ...option })));
}

/** The same on node `node` while `k` devices use it. */
export function remoteChoices(problem: AssignmentProblem, device: number, node: number, k: number): Choice[] {
  const access = problem.remote[device]![node];
  if (!access || k < 1 || k > problem.nodes[node]!.capacity) return [];
  const choices: Choice[] = [];
  for (const option of access.options) {
    const cost = remoteCost(problem.nodes[node]!, access, option, k);
    if (cost < Infinity)
      choices.push({ target: node + 1, variant: option.variant, cost, surplus: option.surplus });
  }
  return withoutDominated(choices);
}

function withoutDominated(choices: Choice[]): Choice[] {
  if (choices.length < 2) return choices;
  choices.sort((a, b) => a.cost - b.cost || b.surplus - a.surplus);
  let kept = 1;
  for (let i = 1; i < choices.length; i++) {
    if (choices[i]!.surplus > choices[kept - 1]!.surplus) choices[kept++] = choices[i]!;
  }
  choices.length = kept;
  return choices;
}

/** Index of the choice with the least cost − price · surplus; the more accurate one of equals; -1 of none. */
export function cheapest(choices: readonly Choice[], price: number): number {
  let best = -1;
  let least = Infinity;
  for (let i = 0; i < choices.length; i++) {
    const reduced = choices[i]!.cost - price * choices[i]!.surplus;
    if (reduced <= least) {
      least = reduced;
      best = i;
    }
  }
  return best;
}

/** The least cost − price · surplus; Infinity of none. */
export function leastReduced(choices: readonly Choice[], price: number): number {
  let least = Infinity;
  for (let i = 0; i < choices.length; i++) {
    const reduced = choices[i]!.cost - price * choices[i]!.surplus;
    if (reduced < least) least = reduced;
  }
  return least;
}
