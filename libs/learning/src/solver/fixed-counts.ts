import { type Choice, leastReduced } from './choices.ts';
import { floorSlack } from './problem.ts';

/** Devices with constant costs, and exactly how many of them use each node. */
export interface FixedCounts {
  /** [device][target]: choices without dominated ones; target 0 is the device itself, j + 1 is node j. */
  readonly choices: readonly (readonly (readonly Choice[])[])[];
  /** Devices on each node. */
  readonly counts: readonly number[];
  /** The surpluses must add up to at least this. */
  readonly need: number;
  /** Any price >= 0 keeps the search exact; the dual's price keeps it short. */
  readonly price: number;
  /** Only solutions cheaper than this are of interest. */
  readonly below: number;
  /** Most partial solutions to keep. @default 2_000_000 */
  readonly labelLimit?: number;
}

/**
 * Cheapest completion at the given price, floor left out: [device × states], row-major; a state is how many places of
 * each node have been taken before that device. Infinity where no completion exists.
 */
export function completionBounds({ choices, counts, price }: FixedCounts): {
  bounds: Float64Array;
  states: number;
  steps: Int32Array;
} {
  const n = choices.length;
  const m = counts.length;
  const steps = new Int32Array(m);
  let states = 1;
  for (let j = 0; j < m; j++) {
    steps[j] = states;
    states *= counts[j]! + 1;
  }
  const bounds = new Float64Array((n + 1) * states).fill(Infinity);
  bounds[n * states + states - 1] = 0;
  const reduced = new Float64Array(m + 1);
  for (let i = n - 1; i >= 0; i--) {
    for (let t = 0; t <= m; t++) reduced[t] = leastReduced(choices[i]![t]!, price);
    const here = i * states;
    const next = here + states;
    for (let s = 0; s < states; s++) {
      let least = reduced[0]! + bounds[next + s]!;
      for (let j = 0; j < m; j++) {
        if (Math.floor(s / steps[j]!) % (counts[j]! + 1) === counts[j]) continue;
        const cost = reduced[j + 1]! + bounds[next + s + steps[j]!]!;
        if (cost < least) least = cost;
      }
      bounds[here + s] = least;
    }
  }
  return { bounds, states, steps };
}

/**
 * Exact: partial solutions device by device, one Pareto front of (cost, surplus) for each state; partial solutions that
 * cannot be completed below `below` or above the floor are dropped. Returns the choice of each device, `undefined` when
 * there is no solution below `below`, 'limit' when there were too many partial solutions.
 */
export function solveFixedCounts(
  problem: FixedCounts,
): { chosen: Choice[]; cost: number } | 'limit' | undefined {
  const { choices, counts, need, price, below, labelLimit = 2_000_000 } = problem;
  const n = choices.length;
  const m = counts.length;
  const { bounds, states, steps } = completionBounds(problem);
  const mostAhead = new Float64Array(n + 1);
  for (let i = n - 1; i >= 0; i--) {
    let most = -Infinity;
    for (const list of choices[i]!)
      if (list.length > 0) most = Math.max(most, list[list.length - 1]!.surplus);
    mostAhead[i] = mostAhead[i + 1]! + most;
  }

  // Labels of all layers, so that the way back to the start can be read off.
  const cost: number[] = [0];
  const surplus: number[] = [0];
  const parent: number[] = [-1];
  const choiceOf: (Choice | undefined)[] = [undefined];
  let fronts = new Map<number, number[]>([[0, [0]]]);

  for (let i = 0; i < n; i++) {
    const grown = new Map<number, number[]>();
    for (const [state, front] of fronts) {
      for (let t = 0; t <= m; t++) {
        const list = choices[i]![t]!;
        if (list.length === 0) continue;
        if (t > 0 && Math.floor(state / steps[t - 1]!) % (counts[t - 1]! + 1) === counts[t - 1]) continue;
        const nextState = t === 0 ? state : state + steps[t - 1]!;
        const ahead = bounds[(i + 1) * states + nextState]!;
        if (ahead === Infinity) continue;
        for (const label of front) {
          for (const choice of list) {
            const total = cost[label]! + choice.cost;
            const kept = surplus[label]! + choice.surplus;
            // Against the floor at the price: cost >= cost − price · (surplus − need) for every feasible solution.
            if (total - price * (kept - need) + ahead >= below - 1e-9) continue;
            if (kept + mostAhead[i + 1]! < need - floorSlack) continue;
            const id = cost.length;
            if (id >= labelLimit) return 'limit';
            cost.push(total);
            surplus.push(kept);
            parent.push(label);
            choiceOf.push(choice);
            const into = grown.get(nextState);
            if (into) into.push(id);
            else grown.set(nextState, [id]);
          }
        }
      }
    }
    for (const front of grown.values()) keepParetoFront(front, cost, surplus);
    fronts = grown;
  }

  let best = -1;
  for (const label of fronts.get(states - 1) ?? []) {
    if (surplus[label]! < need - floorSlack || cost[label]! >= below) continue;
    if (best < 0 || cost[label]! < cost[best]!) best = label;
  }
  if (best < 0) return undefined;
  const chosen: Choice[] = [];
  for (let label = best; parent[label]! >= 0; label = parent[label]!) chosen.push(choiceOf[label]!);
  return { chosen: chosen.reverse(), cost: cost[best]! };
}

function keepParetoFront(front: number[], cost: readonly number[], surplus: readonly number[]): void {
  if (front.length < 2) return;
  front.sort((a, b) => cost[a]! - cost[b]! || surplus[b]! - surplus[a]!);
  let kept = 1;
  for (let i = 1; i < front.length; i++) {
    if (surplus[front[i]!]! > surplus[front[kept - 1]!]!) front[kept++] = front[i]!;
  }
  front.length = kept;
}
