import { type Choice, cheapest, leastReduced, localChoices, remoteChoices } from './choices.ts';
import { solveFixedCounts } from './fixed-counts.ts';
import { type Assignment, type AssignmentProblem, floorSlack } from './problem.ts';

/** Dearest price of accuracy tried, cost per unit of surplus; above it only the surplus counts. */
const topPrice = 1e9;

/**
 * Exact for small cells. For every vector of node counts the cheapest assignment at one price of accuracy is found by
 * dynamic programming over the counts; that bounds the vector from below. The price is the dual's optimum, found where
 * the lines of the two sides meet. Vectors whose bound is below the best feasible assignment are then solved exactly
 * with the floor (`solveFixedCounts`). Undefined when no assignment meets the constraints.
 */
export function solveSmall(problem: AssignmentProblem): Assignment | undefined {
  const n = problem.local.length;
  const local = problem.local.map((_, device) => localChoices(problem, device));
  const remote = problem.nodes.map((node, j) =>
    Array.from({ length: Math.min(n, node.capacity) + 1 }, (_, k) =>
      problem.local.map((_, device) => remoteChoices(problem, device, j, k)),
    ),
  );
  const vectors = countVectors(
    n,
    remote.map((byCount) => byCount.length - 1),
  );
  const choicesAt = (counts: readonly number[]) =>
    local.map((own, device) => [own, ...counts.map((k, j) => remote[j]![k]![device]!)]);

  const search: Search = { n, local, remote, vectors };
  let best = evaluate(search, 0);
  let price = 0;
  let bounds = best?.bounds;
  let upper: Evaluation | undefined = best;
  if (!best || best.surplus < -floorSlack) {
    let low = best;
    const mostAccurate = evaluate(search, topPrice);
    if (!mostAccurate || mostAccurate.surplus < -floorSlack) return undefined;
    let high: Evaluation = mostAccurate;
    let cheapestFeasible: Evaluation = high;
    price = topPrice;
    bounds = high.bounds;
    let lowerBound = -Infinity;
    for (let round = 0; low && round < 40; round++) {
      const meeting: number = (high.cost - low.cost) / (high.surplus - low.surplus);
      const next: Evaluation = evaluate(search, meeting)!;
      const value = next.cost - meeting * next.surplus;
      if (value > lowerBound) {
        lowerBound = value;
        price = meeting;
        bounds = next.bounds;
      }
      if (next.surplus >= -floorSlack && next.cost < cheapestFeasible.cost) cheapestFeasible = next;
      const line = high.cost - meeting * high.surplus;
      if (value >= line - 1e-9 * Math.abs(line)) break;
      if (next.surplus >= -floorSlack) high = next;
      else low = next;
    }
    best = upper = cheapestFeasible;
  }

  // Only vectors that may still hold something cheaper, most promising first.
  const order = vectors.map((_, index) => index).filter((index) => bounds![index]! < upper!.cost - 1e-9);
  order.sort((a, b) => bounds![a]! - bounds![b]!);
  let chosen = best.chosen;
  let cost = best.cost;
  let lowerBound = Infinity;
  for (const index of price === 0 ? [] : order) {
    if (bounds![index]! >= cost - 1e-9) break;
    const counts = vectors[index]!;
    const solved = solveFixedCounts({ choices: choicesAt(counts), counts, need: 0, price, below: cost });
    if (solved === 'limit') lowerBound = Math.min(lowerBound, bounds![index]!);
    else if (solved) ({ chosen, cost } = solved);
  }
  lowerBound = Math.min(lowerBound, cost);
  return {
    targets: Int32Array.from(chosen, ({ target }) => target - 1),
    variants: Int32Array.from(chosen, ({ variant }) => variant),
    cost,
    surplus: chosen.reduce((sum, { surplus }) => sum + surplus, 0),
    lowerBound,
    gap: cost === 0 ? 0 : (cost - lowerBound) / Math.abs(cost),
    price: price === topPrice ? 0 : price,
  };
}

interface Search {
  readonly n: number;
  readonly local: readonly (readonly Choice[])[];
  /** [node][count][device] */
  readonly remote: readonly (readonly (readonly Choice[])[])[][];
  readonly vectors: readonly (readonly number[])[];
}

interface Evaluation {
  readonly chosen: Choice[];
  readonly cost: number;
  readonly surplus: number;
  /** Cheapest reduced cost of each count vector: no assignment with these counts costs less. */
  readonly bounds: Float64Array;
}

/** Cheapest assignment over all count vectors at one price, floor left out. Undefined when there is none at all. */
function evaluate({ n, local, remote, vectors }: Search, price: number): Evaluation | undefined {
  const own = local.map((choices) => leastReduced(choices, price));
  const away = remote.map((byCount) =>
    byCount.map((byDevice) => byDevice.map((c) => leastReduced(c, price))),
  );
  const bounds = new Float64Array(vectors.length);
  let winner = -1;
  for (let v = 0; v < vectors.length; v++) {
    bounds[v] = transport(n, own, away, vectors[v]!);
    if (bounds[v]! < Infinity && (winner < 0 || bounds[v]! < bounds[winner]!)) winner = v;
  }
  if (winner < 0) return undefined;
  const counts = vectors[winner]!;
  const targets = transportTargets(n, own, away, counts);
  const chosen = targets.map((target, device) => {
    const list = target === 0 ? local[device]! : remote[target - 1]![counts[target - 1]!]![device]!;
    return list[cheapest(list, price)]!;
  });
  let cost = 0;
  let surplus = 0;
  for (const pick of chosen) {
    cost += pick.cost;
    surplus += pick.surplus;
  }
  return { chosen, cost, surplus, bounds };
}

let table = new Float64Array(1024);

/** Least sum of costs with exactly `counts[j]` devices on node j: dynamic programming from the last device backwards. */
function transport(
  n: number,
  own: readonly number[],
  away: readonly (readonly (readonly number[])[])[],
  counts: readonly number[],
): number {
  const m = counts.length;
  let states = 1;
  for (let j = 0; j < m; j++) states *= counts[j]! + 1;
  if (table.length < (n + 1) * states) table = new Float64Array(2 * (n + 1) * states);
  table.fill(Infinity, n * states, (n + 1) * states);
  table[(n + 1) * states - 1] = 0;
  for (let i = n - 1; i >= 0; i--) {
    const here = i * states;
    const next = here + states;
    const stay = own[i]!;
    for (let s = 0; s < states; s++) table[here + s] = stay + table[next + s]!;
    let step = 1;
    for (let j = 0; j < m; j++) {
      const places = counts[j]! + 1;
      if (places > 1) {
        const cost = away[j]![counts[j]!]![i]!;
        for (let s = 0; s < states; s++) {
          if (Math.floor(s / step) % places === places - 1) continue;
          const total = cost + table[next + s + step]!;
          if (total < table[here + s]!) table[here + s] = total;
        }
      }
      step *= places;
    }
  }
  return table[0]!;
}

/** The targets behind `transport`'s value. */
function transportTargets(
  n: number,
  own: readonly number[],
  away: readonly (readonly (readonly number[])[])[],
  counts: readonly number[],
): number[] {
  transport(n, own, away, counts);
  const m = counts.length;
  let states = 1;
  for (let j = 0; j < m; j++) states *= counts[j]! + 1;
  const targets: number[] = [];
  let s = 0;
  for (let i = 0; i < n; i++) {
    const next = (i + 1) * states;
    let target = 0;
    let least = own[i]! + table[next + s]!;
    let taken = 0;
    let step = 1;
    for (let j = 0; j < m; j++) {
      const places = counts[j]! + 1;
      if (places > 1 && Math.floor(s / step) % places < places - 1) {
        const total = away[j]![counts[j]!]![i]! + table[next + s + step]!;
        if (total < least) {
          least = total;
          target = j + 1;
          taken = step;
        }
      }
      step *= places;
    }
    targets.push(target);
    s += taken;
  }
  return targets;
}

/** All vectors of node counts with at most `n` devices in total. */
export function countVectors(n: number, capacities: readonly number[]): number[][] {
  let vectors: number[][] = [[]];
  for (const capacity of capacities) {
    vectors = vectors.flatMap((vector) => {
      const left = n - vector.reduce((sum, k) => sum + k, 0);
      return Array.from({ length: Math.min(capacity, left) + 1 }, (_, k) => [...vector, k]);
    });
  }
  return vectors;
}

/** How many vectors `countVectors` would return, without making them. */
export function countVectorCount(n: number, capacities: readonly number[]): number {
  let ways = new Float64Array(n + 1);
  ways[0] = 1;
  for (const capacity of capacities) {
    const grown = new Float64Array(n + 1);
    for (let used = 0; used <= n; used++)
      for (let k = 0; k <= Math.min(capacity, n - used); k++) grown[used + k]! += ways[used]!;
    ways = grown;
  }
  return ways.reduce((sum, count) => sum + count, 0);
}
