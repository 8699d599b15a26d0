import type { ComputeNode, Variant } from '@weir/domain';
import type { CostView } from '../beliefs/cost-view.ts';
import type { CellObservation } from '../learner.ts';
import { framesPerMs, isAsynchronous } from './frame-shares.ts';
import { expectedQueue } from './waiting.ts';

export interface NodeTimesInput {
  readonly observation: CellObservation;
  readonly costs: CostView;
  /** Mean service of the variants that a node is expected to run, ms, by node id; missing: its best variant's. */
  readonly mixMs?: ReadonlyMap<string, number> | undefined;
  /** Of the devices that are planned for. */
  readonly devices: readonly { readonly framesPerSecond: number; readonly arrivalVariability?: number }[];
}

/**
 * Time at a node, waiting included, ms, by index of node and of a variant that it serves, with `count` devices of the cell there,
 * or parts of devices.
 */
export type NodeTimes = (node: number, variant: number, count: number) => number;

/** Load of a node by others than the cell's planned frames, 0..1; known in synchronous epochs only. */
export const foreignLoad = (observation: CellObservation, nodeId: string): number =>
  isAsynchronous(observation)
    ? 0
    : (observation.loads.find((load) => load.nodeId === nodeId)?.utilization ?? 0);

/**
 * Times at the nodes of a cell. In synchronous epochs all devices ask at once, and a node's time at count k is as learned
 * for concurrency k. Otherwise it is one service and the wait that the frames of k average devices cause at its slots.
 * Between whole counts times are interpolated. Each is worked out once.
 */
export function nodeTimes({ observation, costs, mixMs, devices }: NodeTimesInput): NodeTimes {
  const { variants, nodes } = observation.cell;
  const asynchronous = isAsynchronous(observation);
  const n = Math.max(1, devices.length);
  const meanRate = devices.reduce((sum, device) => sum + framesPerMs(device), 0) / n;
  const variability = devices.reduce((sum, { arrivalVariability = 1 }) => sum + arrivalVariability, 0) / n;
  const index = new Map(variants.map(({ name }, at) => [name, at]));

  const tables = nodes.map((node) => {
    const served = node.variants.flatMap((name) => variants[index.get(name) ?? -1] ?? []);
    const load = foreignLoad(observation, node.id);
    const compute = ({ name }: Variant, concurrency: number, batchSize = 1) =>
      costs.computeMs({ nodeId: node.id, variant: name, concurrency, load, batchSize });
    const serviceMs = asynchronous ? batchesOf(node, served, { costs, mixMs, compute }) : [];
    /** By count. */
    const waits: number[] = [];
    const times: ComputeTimes[] = [];
    /** Of the last count: beyond the slots counts change the wait alone. */
    let last: ComputeTimes | undefined;
    const timesFor = (together: number, batchSize: number): ComputeTimes => {
      if (last?.together === together && last.batchSize === batchSize) return last;
      const ms = new Map(served.map((each) => [index.get(each.name)!, compute(each, together, batchSize)]));
      return (last = { together, batchSize, ms });
    };
    const workOut = (count: number): void => {
      let wait = 0;
      let together = count;
      let batchSize = 1;
      if (asynchronous) {
        const ratePerMs = count * meanRate;
        const { slots } = node;
        const queue = { slots, serviceMs, ratePerMs, arrivalVariability: variability, count };
        ({ waitMs: wait, batchSize } = expectedQueue(queue));
        const inService = (ratePerMs / batchSize) * serviceMs[batchSize - 1]!;
        together = Math.max(1, Math.min(slots, Math.round(inService)));
      }
      waits[count] = wait;
      times[count] = timesFor(together, batchSize);
    };
    return (count: number, variant: number): number => {
      if (!times[count]) workOut(count);
      return waits[count]! + times[count]!.ms.get(variant)!;
    };
  });

  return (node, variant, count) => {
    const table = tables[node]!;
    const below = Math.floor(count);
    const ms = table(below, variant);
    return below === count ? ms : ms + (count - below) * (table(below + 1, variant) - ms);
  };
}

/** Times of a node's variants, by index, while so many are computed there. */
interface ComputeTimes {
  readonly together: number;
  readonly batchSize: number;
  /** Without the wait, ms. */
  readonly ms: ReadonlyMap<number, number>;
}

/** Times of batches of 1, 2, 3 …: as much longer than one inference as the best variant's are. */
function batchesOf(
  node: ComputeNode,
  served: readonly Variant[],
  {
    costs,
    mixMs,
    compute,
  }: Pick<NodeTimesInput, 'costs' | 'mixMs'> & {
    readonly compute: (variant: Variant, concurrency: number, batchSize?: number) => number;
  },
): number[] {
  const best = served.reduce<Variant | undefined>(
    (a, b) => (a && a.accuracy >= b.accuracy ? a : b),
    undefined,
  );
  const typicalMs = best ? (mixMs?.get(node.id) ?? compute(best, 1)) : 0;
  return Array.from({ length: costs.largestBatch(node.id) }, (_, at) =>
    best ? typicalMs * (compute(best, 1, at + 1) / compute(best, 1)) : typicalMs,
  );
}
