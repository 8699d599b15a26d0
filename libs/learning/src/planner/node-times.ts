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

/** Time at a node, waiting included, ms, by index of node and variant, with `count` devices of the cell there, or parts of devices. */
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
    const columns: (Float64Array | undefined)[] = [];
    /** Beyond the slots counts change the wait alone. */
    const computed = new Map<string, readonly number[]>();
    const computedFor = (together: number, batchSize: number): readonly number[] => {
      const key = `${together}/${batchSize}`;
      let times = computed.get(key);
      if (!times) computed.set(key, (times = served.map((each) => compute(each, together, batchSize))));
      return times;
    };
    return (count: number): Float64Array => {
      const known = columns[count];
      if (known) return known;
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
      const column = new Float64Array(variants.length);
      const times = computedFor(together, batchSize);
      served.forEach(({ name }, at) => (column[index.get(name)!] = wait + times[at]!));
      return (columns[count] = column);
    };
  });

  return (node, variant, count) => {
    const table = tables[node]!;
    const below = Math.floor(count);
    const ms = table(below)[variant]!;
    return below === count ? ms : ms + (count - below) * (table(below + 1)[variant]! - ms);
  };
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
