import {
  type Assignment,
  type AssignmentProblem,
  bruteForce,
  expectedWaitMs,
  solveAssignment,
} from '@weir/learning';
import { type CostTable, type TableShape, asMap } from './cost-table.ts';
import type { PlacedDevice } from './results.ts';

export interface Optimum {
  readonly meanMs: number;
  readonly accuracy: number;
  readonly placements: readonly PlacedDevice[];
  /** Joint placements compared; those that cannot be better are counted though the solver leaves them out. */
  readonly compared: number;
}

/** Above so many joint placements the exact solver takes over from trying each. */
const bruteForceLimit = 2e5;

export interface OptimumOptions {
  /** Frames that arrive at random at each device; absent: synchronous epochs. */
  readonly ratePerMs?: number;
  /** 0: periodic, 1: Poisson. @default 1 */
  readonly arrivalVariability?: number;
  /** Only these. @default all */
  readonly variants?: readonly string[];
}

/**
 * The best joint placement at or above the floor by the table; under arrivals the waits follow from a queueing formula.
 * Undefined when the floor cannot be met. Throws RangeError for what was not measured.
 */
export function optimumOf(
  table: CostTable,
  floor: number,
  options: OptimumOptions = {},
): Optimum | undefined {
  const problem = problemOf(table, floor, options);
  const compared = problem.local.reduce(
    (product, local, device) =>
      product *
      (local.length +
        problem.remote[device]!.reduce((sum, access) => sum + (access?.options.length ?? 0), 0)),
    1,
  );
  const best = compared <= bruteForceLimit ? bruteForce(problem) : solveAssignment(problem);
  if (!best) return undefined;
  const placements = placementsOf(table.shape, best);
  return {
    meanMs: best.cost / table.shape.deviceIds.length,
    accuracy: table.accuracy(asMap(placements)),
    placements,
    compared,
  };
}

function problemOf(
  table: CostTable,
  floor: number,
  { ratePerMs, arrivalVariability = 1, variants: named }: OptimumOptions,
): AssignmentProblem {
  const { deviceIds, nodes, variants, localVariants } = table.shape;
  const n = deviceIds.length;
  const index = new Map(variants.map(({ name }, at) => [name, at]));
  const allowed = (name: string) => named?.includes(name) ?? true;
  const surplus = (variant: string) => table.accuracyOf(variant) - floor;
  const waitMs = (serviceMs: number, devices: number, slots: number) =>
    ratePerMs === undefined
      ? 0
      : expectedWaitMs({ slots, serviceMs, ratePerMs: devices * ratePerMs, arrivalVariability });
  return {
    local: deviceIds.map((deviceId) =>
      localVariants.filter(allowed).map((variant) => {
        const serviceMs = table.localMs(deviceId, variant);
        return {
          variant: index.get(variant)!,
          cost: serviceMs + waitMs(serviceMs, 1, 1),
          surplus: surplus(variant),
        };
      }),
    ),
    nodes: nodes.map(({ id, slots, variants: served }) => {
      const ms = new Float64Array(variants.length * (n + 1));
      for (const variant of served)
        for (let k = 1; k <= n; k++) {
          const alone = table.remoteMs(id, variant, 1);
          ms[index.get(variant)! * (n + 1) + k] =
            ratePerMs === undefined ? table.remoteMs(id, variant, k) : alone + waitMs(alone, k, slots);
        }
      return { capacity: n, ms };
    }),
    remote: deviceIds.map((deviceId) =>
      nodes.map(({ id, variants: served }) => ({
        offset: table.networkMs(deviceId, id),
        weight: 1,
        limitMs: Infinity,
        options: served.filter(allowed).map((variant) => ({
          variant: index.get(variant)!,
          surplus: surplus(variant),
          extra: 0,
        })),
      })),
    ),
  };
}

function placementsOf({ deviceIds, nodes, variants: family }: TableShape, best: Assignment): PlacedDevice[] {
  return deviceIds.map((deviceId, device) => {
    const node = nodes[best.targets[device]!];
    const variant = family[best.variants[device]!]!.name;
    return node
      ? { deviceId, tier: node.tier, nodeId: node.id, variant }
      : { deviceId, tier: 'device', nodeId: deviceId, variant };
  });
}
