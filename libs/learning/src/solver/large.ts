import { finish, type Steps } from '@weir/base';
import { type Choice, cheapest, leastAlone, leastReduced, localChoices, remoteChoices } from './choices.ts';
import { solveFixedCounts } from './fixed-counts.ts';
import { cheapestFlow, type Flow } from './flow.ts';
import { type Assignment, type AssignmentProblem, floorSlack, type RemoteOption } from './problem.ts';

/** Dearest price of accuracy tried; above it only the surplus counts. */
const topPrice = 1e7;
/** Devices whose choice is settled exactly at the end. */
const coreSize = 14;
/** Partial solutions that the core may keep. */
const coreLabels = 20_000;
/** Changes of the node counts that are tried around each end of the price. */
const mostShifts = 13;
/** The search for the price ends when the best assignment is this close to the bound. */
const closeEnough = 5e-5;

/**
 * For large cells: the floor is priced (Lagrange multiplier), the rest is a minimum cost flow over node places, solved
 * exactly; the best price is where the lines of the two sides meet. The assignment above the floor next to it is then
 * improved: the few devices whose choice hardly matters at that price are settled exactly, with the floor. The bound of
 * the dual is returned with it. Undefined when no assignment meets the constraints.
 */
export const solveLarge = (problem: AssignmentProblem): Assignment | undefined =>
  finish(solveLargeInSteps(problem));

/** The same with a stop after each price and each change of the counts. */
export function* solveLargeInSteps(problem: AssignmentProblem): Steps<Assignment | undefined> {
  const choices = choiceTable(problem);
  const relaxation = relax(problem, choices);
  let bestBound = -Infinity;
  let best: Primal | undefined;
  const consider = (primal: Primal | undefined) => {
    if (primal && primal.surplus >= -floorSlack && primal.cost < (best?.cost ?? Infinity)) best = primal;
  };
  const tryPrice = (price: number): Point => {
    const point = relaxation(price);
    if (price < topPrice) bestBound = Math.max(bestBound, point.value);
    consider(point.primal);
    return { ...point, price };
  };
  const done = () => best !== undefined && best.cost - bestBound <= closeEnough * Math.abs(best.cost);

  yield;
  const free = tryPrice(0);
  let price = 0;
  if (!done() && free.surplus < -floorSlack) {
    let low = free;
    yield;
    let high = tryPrice(topPrice);
    if (high.surplus < -floorSlack) return undefined;
    const ends = [low, high];
    for (let round = 0; round < 24 && !done(); round++) {
      const meeting = (high.cost - low.cost) / (high.surplus - low.surplus);
      if (!(meeting > low.price) || !(meeting < high.price)) break;
      yield;
      const next = tryPrice(meeting);
      price = meeting;
      const line = low.cost - meeting * low.surplus;
      const over = next.surplus >= -floorSlack;
      if (over) ends[1] = next;
      else ends[0] = next;
      if (next.value >= line - 1e-9 * Math.abs(line)) break;
      if (over) high = next;
      else low = next;
    }
    for (const end of ends) {
      if (!end.primal) continue;
      for (const shift of countShifts(problem.nodes.length)) {
        if (done()) break;
        yield;
        consider(settleCore(problem, choices, end, price, { shift, below: best?.cost ?? Infinity }));
      }
    }
  }
  if (!best) return undefined;
  const { chosen, cost, surplus } = best;
  const lowerBound = Math.min(cost, bestBound);
  return {
    targets: Int32Array.from(chosen, ({ target }) => target - 1),
    variants: Int32Array.from(chosen, ({ variant }) => variant),
    cost,
    surplus,
    lowerBound,
    gap: cost === 0 ? 0 : (cost - lowerBound) / Math.abs(cost),
    price,
  };
}

/** An assignment with its true cost. */
interface Primal {
  readonly chosen: readonly Choice[];
  readonly cost: number;
  readonly surplus: number;
}

/** The relaxation at one price. */
interface Point {
  readonly price: number;
  /** Bound: no assignment above the floor costs less. */
  readonly value: number;
  /** Line through the value: cost − price · surplus. */
  readonly cost: number;
  readonly surplus: number;
  readonly flow: Flow;
  /** The flow's assignment at its true counts; undefined when a limit forbids it there. */
  readonly primal: Primal | undefined;
}

/** Choices of a device at target 0 (itself) or j + 1 (node j), with `k` devices there. */
type ChoiceTable = (device: number, target: number, k: number) => readonly Choice[];

/** Each list is made once, when it is asked for: the core asks for the same ones again for every change of the counts. */
function choiceTable(problem: AssignmentProblem): ChoiceTable {
  const local: (readonly Choice[])[] = [];
  const remote = problem.nodes.map(({ capacity }) =>
    Array.from({ length: capacity + 1 }, (): (readonly Choice[])[] => []),
  );
  return (device, target, k) => {
    if (target === 0) return (local[device] ??= localChoices(problem, device));
    const lists = remote[target - 1]![k];
    return lists ? (lists[device] ??= remoteChoices(problem, device, target - 1, k)) : [];
  };
}

/** Makes the function that solves the relaxation at one price. */
function relax(
  problem: AssignmentProblem,
  choices: ChoiceTable,
): (price: number) => Omit<Point, 'price'> & { price: number } {
  const n = problem.local.length;
  const m = problem.nodes.length;
  const width = m + 1;
  const equals = problem.nodes.map((_, j) => equalAccess(problem, j));

  return (price) => {
    const costs = new Float64Array(n * width);
    for (let i = 0; i < n; i++) {
      costs[i * width] = leastReduced(problem.local[i]!, price);
      for (let node = 0; node < m; node++)
        costs[i * width + node + 1] = leastAlone(problem, { device: i, node }, price);
    }
    const places = problem.nodes.map((node, j) =>
      placeCosts(problem, j, equals[j], price, Math.min(n, node.capacity)),
    );
    const flow = cheapestFlow({ costs, nodes: m, places });

    const chosen: Choice[] = [];
    let cost = 0;
    let surplus = 0;
    let possible = true;
    for (let i = 0; i < n; i++) {
      const target = flow.targets[i]!;
      const list = choices(i, target, target === 0 ? 0 : flow.counts[target - 1]!);
      const current = list[cheapest(list, price)];
      if (!current) {
        possible = false;
        break;
      }
      chosen.push(current);
      cost += current.cost;
      surplus += current.surplus;
    }
    const primal = possible ? { chosen, cost, surplus } : undefined;
    if (!possible) surplus = -price - 1;
    return { price, value: flow.cost, cost: flow.cost + price * surplus, surplus, flow, primal };
  };
}

/** The one option list and weight of all devices that may use node `j`; undefined when they differ. */
function equalAccess(
  { remote }: AssignmentProblem,
  j: number,
): { options: readonly RemoteOption[]; weight: number } | undefined {
  let first: { options: readonly RemoteOption[]; weight: number } | undefined;
  for (const row of remote) {
    const access = row[j];
    if (!access) continue;
    if (first && (access.options !== first.options || access.weight !== first.weight)) return undefined;
    first ??= access;
  }
  return first;
}

/**
 * What each further place at node `j` costs everyone together, beyond a device's cost when alone there. Exact where all
 * devices are equal at the node, a lower bound otherwise; made never to fall (convex hull of the totals).
 */
function placeCosts(
  problem: AssignmentProblem,
  j: number,
  equal: { options: readonly RemoteOption[]; weight: number } | undefined,
  price: number,
  capacity: number,
): Float64Array {
  const node = problem.nodes[j]!;
  const row = node.capacity + 1;
  const rise = new Float64Array(capacity + 1);
  if (equal) {
    const least = (k: number) => {
      let value = Infinity;
      for (const { variant, surplus, extra } of equal.options)
        value = Math.min(value, equal.weight * node.ms[variant * row + k]! + extra - price * surplus);
      return value;
    };
    const first = capacity > 0 ? least(1) : 0;
    for (let k = 1; k <= capacity; k++) rise[k] = k * (least(k) - first);
  } else {
    let lightest = Infinity;
    const variants = new Set<number>();
    for (const access of problem.remote.map((accesses) => accesses[j])) {
      if (!access) continue;
      lightest = Math.min(lightest, access.weight);
      for (const { variant } of access.options) variants.add(variant);
    }
    for (let k = 1; k <= capacity; k++) {
      let least = Infinity;
      for (const variant of variants)
        least = Math.min(least, node.ms[variant * row + k]! - node.ms[variant * row + 1]!);
      rise[k] = variants.size > 0 ? k * (least < 0 ? least * heaviest(problem, j) : least * lightest) : 0;
    }
  }
  return convexSteps(rise);
}

const heaviest = ({ remote }: AssignmentProblem, j: number): number =>
  remote.reduce((most, row) => Math.max(most, row[j]?.weight ?? 0), 0);

/** Steps of the largest convex function below `totals` (totals[0] = 0). */
function convexSteps(totals: Float64Array): Float64Array {
  const corners = [0];
  for (let k = 1; k < totals.length; k++) {
    while (corners.length > 1) {
      const b = corners[corners.length - 1]!;
      const a = corners[corners.length - 2]!;
      if ((totals[b]! - totals[a]!) * (k - b) < (totals[k]! - totals[b]!) * (b - a)) break;
      corners.pop();
    }
    corners.push(k);
  }
  const steps = new Float64Array(Math.max(0, totals.length - 1));
  for (let c = 1; c < corners.length; c++) {
    const [a, b] = [corners[c - 1]!, corners[c]!];
    steps.fill((totals[b]! - totals[a]!) / (b - a), a, b);
  }
  return steps;
}

/** No change of the node counts, one more or less at one node, one from one node to another. */
function countShifts(nodes: number): number[][] {
  const zero = new Array<number>(nodes).fill(0);
  const shifts = [zero];
  for (let a = 0; a < nodes; a++) {
    shifts.push(zero.with(a, 1), zero.with(a, -1));
    for (let b = 0; b < nodes; b++) if (a !== b) shifts.push(zero.with(a, 1).with(b, -1));
  }
  return shifts.slice(0, mostShifts);
}

/**
 * Changes the counts of `point` by `shift`, keeps all but the `coreSize` most indifferent devices, and settles those
 * exactly. Undefined when nothing below `below` comes of it.
 */
function settleCore(
  problem: AssignmentProblem,
  choices: ChoiceTable,
  { flow, primal }: Point,
  price: number,
  { shift, below }: { shift: readonly number[]; below: number },
): Primal | undefined {
  const n = problem.local.length;
  const width = problem.nodes.length + 1;
  const counts = [...flow.counts].map((count, j) => count + shift[j]!);
  if (!primal || counts.some((count, j) => count < 0 || count > problem.nodes[j]!.capacity)) return undefined;
  const listOf = (device: number, target: number): readonly Choice[] =>
    choices(device, target, target === 0 ? 0 : counts[target - 1]!);

  // How much a device loses, at the price, by the nearest of its other choices; a change of target must be paid back.
  const losses = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const current = primal.chosen[i]!;
    const now = current.cost - price * current.surplus;
    let least = Infinity;
    for (let target = 0; target < width; target++) {
      const back = target === current.target ? 0 : Math.max(0, flow.moves[target * width + current.target]!);
      for (const choice of listOf(i, target)) {
        if (choice.target === current.target && choice.variant === current.variant) continue;
        least = Math.min(least, Math.max(0, choice.cost - price * choice.surplus - now + back));
      }
    }
    losses[i] = least;
  }
  const core = Array.from({ length: n }, (_, device) => device)
    .sort((a, b) => losses[a]! - losses[b]!)
    .slice(0, coreSize);
  const inCore = new Set(core);
  const chosen: Choice[] = [];
  const coreCounts = [...shift];
  let restCost = 0;
  let restSurplus = 0;
  for (let i = 0; i < n; i++) {
    const { target, variant } = primal.chosen[i]!;
    if (inCore.has(i)) {
      if (target > 0) coreCounts[target - 1]!++;
      continue;
    }
    // The same choice at the new count; gone when it is dominated or forbidden there.
    const current = listOf(i, target).find((choice) => choice.variant === variant);
    if (!current) return undefined;
    chosen[i] = current;
    restCost += current.cost;
    restSurplus += current.surplus;
  }
  if (coreCounts.some((count) => count < 0)) return undefined;
  const settled = solveFixedCounts({
    choices: core.map((device) => Array.from({ length: width }, (_, target) => listOf(device, target))),
    counts: coreCounts,
    need: -restSurplus,
    price,
    below: below - restCost,
    labelLimit: coreLabels,
  });
  if (!settled || settled === 'limit') return undefined;
  core.forEach((device, at) => (chosen[device] = settled.chosen[at]!));
  return {
    chosen,
    cost: restCost + settled.cost,
    surplus: restSurplus + settled.chosen.reduce((sum, { surplus }) => sum + surplus, 0),
  };
}
