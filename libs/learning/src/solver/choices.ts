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
  return withoutDominated(
    problem.local[device]!.map(({ variant, cost, surplus }) => ({ target: 0, variant, cost, surplus })),
  );
}

/** The same on node `node` while `k` devices use it. */
export function remoteChoices(problem: AssignmentProblem, device: number, node: number, k: number): Choice[] {
  const access = problem.remote[device]![node];
  if (!access || k < 1 || k > problem.nodes[node]!.capacity) return [];
  const table = problem.nodes[node]!;
  return withoutDominated(
    access.options.map((option) => ({
      target: node + 1,
      variant: option.variant,
      cost: remoteCost(table, access, option, k),
      surplus: option.surplus,
    })),
  );
}

/** Without the impossible ones, too. */
function withoutDominated(choices: Choice[]): Choice[] {
  sort(choices);
  let kept = 0;
  for (const choice of choices) {
    if (choice.cost === Infinity) break;
    if (kept === 0 || choice.surplus > choices[kept - 1]!.surplus) choices[kept++] = choice;
  }
  choices.length = kept;
  return choices;
}

/** By cost, of equals the most accurate first. By insertion: lists are short and many, and Array.sort makes garbage of each. */
function sort(choices: Choice[]): void {
  for (let i = 1; i < choices.length; i++) {
    const choice = choices[i]!;
    let at = i;
    for (; at > 0; at--) {
      const before = choices[at - 1]!;
      if (before.cost < choice.cost || (before.cost === choice.cost && before.surplus >= choice.surplus))
        break;
      choices[at] = before;
    }
    choices[at] = choice;
  }
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

/** The least cost − price · surplus of device `device` alone on node `node`; Infinity where it can do nothing there. */
export function leastAlone(
  { remote, nodes }: AssignmentProblem,
  { device, node }: { readonly device: number; readonly node: number },
  price: number,
): number {
  const access = remote[device]![node];
  const table = nodes[node]!;
  let least = Infinity;
  if (!access || table.capacity === 0) return least;
  for (const option of access.options)
    least = Math.min(least, remoteCost(table, access, option, 1) - price * option.surplus);
  return least;
}

/** The least cost − price · surplus; Infinity of none. */
export function leastReduced(choices: readonly Pick<Choice, 'cost' | 'surplus'>[], price: number): number {
  let least = Infinity;
  for (let i = 0; i < choices.length; i++) {
    const reduced = choices[i]!.cost - price * choices[i]!.surplus;
    if (reduced < least) least = reduced;
  }
  return least;
}
