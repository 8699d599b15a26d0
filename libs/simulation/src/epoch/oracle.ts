import type { Placement } from '@weir/domain';
import {
  type ActionSpace,
  type AssignmentProblem,
  bruteForce,
  openActions,
  type RemoteAccess,
  solveAssignment,
} from '@weir/learning';
import type { EpochCell } from './epoch-cell.ts';

export interface Optimum {
  /** Mean response time, ms. */
  readonly meanMs: number;
  readonly accuracy: number;
  readonly placements: ReadonlyMap<string, Placement>;
}

/** The assignment problem under the true costs, which only the simulator knows. */
export function trueProblem(
  cell: EpochCell,
  space: ActionSpace,
  variantNames?: ReadonlySet<string>,
): AssignmentProblem {
  const { devices, nodes, variants, objective } = cell.cell;
  const n = devices.length;
  const allowed = (name: string) => !variantNames || variantNames.has(name);
  const actions = openActions(cell.observation(), space);
  const index = new Map(variants.map(({ name }, at) => [name, at]));
  const surplus = (accuracy: number) => accuracy - objective.accuracyFloor;
  const place = (device: number, target: number, variant: string): Placement =>
    target < 0
      ? { tier: 'device', nodeId: devices[device]!.id, variant }
      : { tier: nodes[target]!.tier, nodeId: nodes[target]!.id, variant };
  // Compute times are the same for all devices; the network is what remains.
  const tables = nodes.map((_, target) => {
    const ms = new Float64Array(variants.length * (n + 1));
    for (let v = 0; v < variants.length; v++)
      for (let k = 1; k <= n; k++)
        ms[v * (n + 1) + k] = cell.responseMs(0, place(0, target, variants[v]!.name), k);
    return { capacity: n, ms };
  });
  return {
    local: actions.map(({ local }, device) =>
      local
        .filter(({ name }) => allowed(name))
        .map(({ name, accuracy }) => ({
          variant: index.get(name)!,
          cost: cell.responseMs(device, place(device, -1, name), 1),
          surplus: surplus(accuracy),
        })),
    ),
    nodes: tables,
    remote: actions.map(({ remote }, device) =>
      nodes.map((node, target): RemoteAccess | undefined => {
        const open = remote.find((candidate) => candidate.node.id === node.id);
        if (!open) return undefined;
        const own = cell.responseMs(device, place(device, target, variants[0]!.name), 1);
        return {
          offset: own - tables[target]!.ms[1]!,
          weight: 1,
          limitMs: Infinity,
          options: open.variants
            .filter((variant) => allowed(variant.name))
            .map((variant) => ({
              variant: index.get(variant.name)!,
              surplus: surplus(variant.accuracy),
              extra: 0,
            })),
        };
      }),
    ),
  };
}

/**
 * Best joint placement under the true costs: by brute force in small cells (the paper's 10^n up to
 * n = 5 without dominated variants), the exact solver beyond. Undefined when the floor cannot be met.
 */
export function optimum(
  cell: EpochCell,
  { space = 'paper', method = 'solver', variants }: OptimumOptions = {},
): Optimum | undefined {
  const problem = trueProblem(cell, space, variants);
  const best = method === 'brute-force' ? bruteForce(problem) : solveAssignment(problem);
  if (!best) return undefined;
  const { devices, nodes } = cell.cell;
  const placements = new Map(
    devices.map(({ id }, device): [string, Placement] => {
      const target = best.targets[device]!;
      const variant = cell.cell.variants[best.variants[device]!]!.name;
      const node = nodes[target];
      return [
        id,
        node ? { tier: node.tier, nodeId: node.id, variant } : { tier: 'device', nodeId: id, variant },
      ];
    }),
  );
  return { meanMs: cell.expectedMs(placements), accuracy: cell.accuracy(placements), placements };
}

export interface OptimumOptions {
  /** @default 'paper' */
  readonly space?: ActionSpace;
  /** @default 'solver' */
  readonly method?: 'solver' | 'brute-force';
  /** Only these variants, e.g. the best one for offload-only. @default all */
  readonly variants?: ReadonlySet<string>;
}
