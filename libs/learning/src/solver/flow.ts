import { MinHeap } from './heap.ts';

/** Devices to spread over themselves and nodes whose places get dearer one by one. */
export interface FlowProblem {
  /** [device × (nodes + 1)], row-major: cost of a device at itself (column 0) and at each node; Infinity: impossible. */
  readonly costs: Float64Array;
  readonly nodes: number;
  /** [node][place]: additional cost of the node's next place, never falling. */
  readonly places: readonly Float64Array[];
}

export interface Flow {
  /** 0: the device itself, j + 1: node j. */
  readonly targets: Int32Array;
  readonly counts: Int32Array;
  readonly cost: number;
  /** [from × (nodes + 1) + to]: least cost of moving one device, at the end. */
  readonly moves: Float64Array;
}

/** Stands for "impossible" where a finite number is needed; above any sum of costs. */
const impossible = 1e12;

/**
 * Cheapest spread, exact: minimum cost flow by successive shortest paths. All devices start on their own; each step
 * takes the cheapest chain of moves that fills one more place, until none pays. Chains run over targets, not devices:
 * one heap for each pair of targets knows the cheapest device to move. Source: Ahuja, Magnanti & Orlin 1993,
 * "Network Flows", section 9.7.
 */
export function cheapestFlow({ costs, nodes, places }: FlowProblem): Flow {
  const width = nodes + 1;
  const n = costs.length / width;
  const targets = new Int32Array(n);
  const counts = new Int32Array(nodes);
  const heaps = Array.from({ length: width * width }, () => new MinHeap());
  const at = (device: number, target: number) => Math.min(impossible, costs[device * width + target]!);
  const settle = (device: number, from: number) => {
    for (let to = 0; to < width; to++) {
      if (to === from || costs[device * width + to] === Infinity) continue;
      heaps[from * width + to]!.push(at(device, to) - at(device, from), device);
    }
  };
  let cost = 0;
  for (let device = 0; device < n; device++) {
    cost += at(device, 0);
    settle(device, 0);
  }

  const moves = new Float64Array(width * width);
  const refresh = () => {
    for (let from = 0; from < width; from++) {
      for (let to = 0; to < width; to++) {
        if (from === to) continue;
        const heap = heaps[from * width + to]!;
        while (heap.size > 0 && targets[heap.id] !== from) heap.pop();
        moves[from * width + to] = heap.size > 0 ? heap.key : Infinity;
      }
    }
  };
  const distance = new Float64Array(width);
  const previous = new Int32Array(width);
  /** Whether the chain to `end` leads through `target`: where costs are large, rounding may make a way round look like a gain. */
  const leadsThrough = (target: number, end: number): boolean => {
    for (let at = end; at !== 0; at = previous[at]!) if (at === target) return true;
    return false;
  };
  for (;;) {
    refresh();
    distance.fill(Infinity);
    distance[0] = 0;
    for (let round = 0; round < width; round++) {
      let shorter = false;
      for (let from = 0; from < width; from++) {
        if (distance[from] === Infinity) continue;
        for (let to = 1; to < width; to++) {
          const length = distance[from]! + moves[from * width + to]!;
          if (to !== from && length < distance[to]! - 1e-12 && !leadsThrough(to, from)) {
            distance[to] = length;
            previous[to] = from;
            shorter = true;
          }
        }
      }
      if (!shorter) break;
    }
    let end = -1;
    let least = -1e-9;
    for (let node = 0; node < nodes; node++) {
      const total = distance[node + 1]! + (places[node]![counts[node]!] ?? Infinity);
      if (total < least) {
        least = total;
        end = node + 1;
      }
    }
    if (end < 0) break;
    cost += least;
    counts[end - 1]!++;
    // Devices of the chain first: moving one changes the heaps that name the next.
    const chain: [device: number, to: number][] = [];
    for (let to = end; to !== 0; to = previous[to]!) chain.push([heaps[previous[to]! * width + to]!.id, to]);
    for (const [device, to] of chain) targets[device] = to;
    for (const [device, to] of chain) settle(device, to);
  }
  return { targets, counts, cost, moves };
}
