import { mean } from '@weir/base';
import type { Placement } from '@weir/domain';
import {
  type Assignment,
  type AssignmentProblem,
  bruteForce,
  expectedWaitMs,
  solveAssignment,
} from '@weir/learning';
import type { CostTableJson, PlacedDevice } from './results.ts';

/** What of a cell the table is about. */
export interface TableShape {
  readonly deviceIds: readonly string[];
  readonly nodes: readonly {
    readonly id: string;
    readonly tier: 'edge' | 'cloud';
    readonly slots: number;
    readonly variants: readonly string[];
  }[];
  /** Of the family. */
  readonly variants: readonly { readonly name: string; readonly accuracy: number }[];
  /** Variants that run on the devices. */
  readonly localVariants: readonly string[];
}

export interface Optimum {
  readonly meanMs: number;
  readonly accuracy: number;
  readonly placements: readonly PlacedDevice[];
  /** Joint placements compared; those that cannot be better are counted though the solver leaves them out. */
  readonly compared: number;
}

/** Above so many joint placements the exact solver takes over from trying each. */
const bruteForceLimit = 2e5;

/**
 * Measured times of a cell: on each device by variant, at each remote node by variant and number of devices that ask at
 * once (waiting included), and each device's network to each node. All are means of what was seen in synchronous
 * epochs. Where a node runs several variants at once, each is charged as if all were its own.
 */
export class CostTable {
  readonly shape: TableShape;
  readonly #local = new Map<string, number[]>();
  readonly #remote = new Map<string, number[]>();
  readonly #network = new Map<string, number[]>();

  constructor(shape: TableShape) {
    this.shape = shape;
  }

  observeLocal(deviceId: string, variant: string, ms: number): void {
    push(this.#local, `${deviceId} ${variant}`, ms);
  }
  /** `ms`: all of the response but the network, with `concurrency` devices of the cell at the node. */
  observeRemote(nodeId: string, variant: string, concurrency: number, ms: number): void {
    push(this.#remote, `${nodeId} ${variant} ${concurrency}`, ms);
  }
  observeNetwork(deviceId: string, nodeId: string, ms: number): void {
    push(this.#network, `${deviceId} ${nodeId}`, ms);
  }

  localMs(deviceId: string, variant: string): number {
    return meanOf(this.#local, `${deviceId} ${variant}`);
  }
  remoteMs(nodeId: string, variant: string, concurrency: number): number {
    return meanOf(this.#remote, `${nodeId} ${variant} ${concurrency}`);
  }
  networkMs(deviceId: string, nodeId: string): number {
    return meanOf(this.#network, `${deviceId} ${nodeId}`);
  }

  /** Mean response time of a joint placement in a synchronous epoch, ms. Throws RangeError for what was not measured. */
  responseMs(placements: ReadonlyMap<string, Placement>): number {
    const counts = new Map<string, number>();
    for (const { nodeId } of placements.values()) counts.set(nodeId, (counts.get(nodeId) ?? 0) + 1);
    const times = [...placements].map(([deviceId, { tier, nodeId, variant }]) =>
      tier === 'device'
        ? this.localMs(deviceId, variant)
        : this.remoteMs(nodeId, variant, counts.get(nodeId)!) + this.networkMs(deviceId, nodeId),
    );
    return mean(times);
  }

  accuracy(placements: ReadonlyMap<string, Placement>): number {
    return mean([...placements.values()].map(({ variant }) => this.#accuracyOf(variant)));
  }

  /**
   * The best joint placement at or above the floor: for synchronous epochs, or for frames that arrive at random at each
   * device (`ratePerMs`, `arrivalVariability` 0 periodic, 1 Poisson), where the waits follow from a queueing formula.
   * `variants`: only these. Undefined when the
   * floor cannot be met.
   */
  optimum(
    floor: number,
    {
      ratePerMs,
      arrivalVariability = 1,
      variants,
    }: {
      readonly ratePerMs?: number;
      readonly arrivalVariability?: number;
      readonly variants?: readonly string[];
    } = {},
  ): Optimum | undefined {
    const allowed = (name: string) => variants?.includes(name) ?? true;
    const problem = this.#problem(floor, { ratePerMs, arrivalVariability, allowed });
    const compared = problem.local.reduce(
      (product, local, device) =>
        product *
        (local.length +
          problem.remote[device]!.reduce((sum, access) => sum + (access?.options.length ?? 0), 0)),
      1,
    );
    const best = compared <= bruteForceLimit ? bruteForce(problem) : solveAssignment(problem);
    if (!best) return undefined;
    const placements = this.#placementsOf(best);
    return {
      meanMs: best.cost / this.shape.deviceIds.length,
      accuracy: this.accuracy(asMap(placements)),
      placements,
      compared,
    };
  }

  toJSON(): CostTableJson {
    const { deviceIds, nodes, localVariants } = this.shape;
    const of = (times: Map<string, number[]>, key: string) => {
      const seen = times.get(key);
      return seen ? [{ ms: mean(seen), samples: seen.length }] : [];
    };
    return {
      local: deviceIds.flatMap((deviceId) =>
        localVariants.flatMap((variant) =>
          of(this.#local, `${deviceId} ${variant}`).map((entry) => ({ deviceId, variant, ...entry })),
        ),
      ),
      remote: nodes.flatMap(({ id: nodeId, tier, variants }) =>
        variants.flatMap((variant) =>
          deviceIds.flatMap((_, index) =>
            of(this.#remote, `${nodeId} ${variant} ${index + 1}`).map((entry) => ({
              nodeId,
              tier,
              variant,
              concurrency: index + 1,
              ...entry,
            })),
          ),
        ),
      ),
      network: deviceIds.flatMap((deviceId) =>
        nodes.flatMap(({ id: nodeId }) =>
          of(this.#network, `${deviceId} ${nodeId}`).map((entry) => ({ deviceId, nodeId, ...entry })),
        ),
      ),
    };
  }

  #problem(
    floor: number,
    {
      ratePerMs,
      arrivalVariability,
      allowed,
    }: {
      readonly ratePerMs: number | undefined;
      readonly arrivalVariability: number;
      readonly allowed: (variant: string) => boolean;
    },
  ): AssignmentProblem {
    const { deviceIds, nodes, variants, localVariants } = this.shape;
    const n = deviceIds.length;
    const index = new Map(variants.map(({ name }, at) => [name, at]));
    const surplus = (variant: string) => this.#accuracyOf(variant) - floor;
    const waitMs = (serviceMs: number, devices: number, slots: number) =>
      ratePerMs === undefined
        ? 0
        : expectedWaitMs({ slots, serviceMs, ratePerMs: devices * ratePerMs, arrivalVariability });
    return {
      local: deviceIds.map((deviceId) =>
        localVariants.filter(allowed).map((variant) => {
          const serviceMs = this.localMs(deviceId, variant);
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
            const alone = this.remoteMs(id, variant, 1);
            ms[index.get(variant)! * (n + 1) + k] =
              ratePerMs === undefined ? this.remoteMs(id, variant, k) : alone + waitMs(alone, k, slots);
          }
        return { capacity: n, ms };
      }),
      remote: deviceIds.map((deviceId) =>
        nodes.map(({ id, variants: served }) => ({
          offset: this.networkMs(deviceId, id),
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

  #placementsOf({ targets, variants }: Assignment): PlacedDevice[] {
    const { deviceIds, nodes } = this.shape;
    return deviceIds.map((deviceId, device) => {
      const node = nodes[targets[device]!];
      const variant = this.shape.variants[variants[device]!]!.name;
      return node
        ? { deviceId, tier: node.tier, nodeId: node.id, variant }
        : { deviceId, tier: 'device', nodeId: deviceId, variant };
    });
  }

  #accuracyOf(variant: string): number {
    return this.shape.variants.find(({ name }) => name === variant)!.accuracy;
  }
}

export const asMap = (placements: readonly PlacedDevice[]): Map<string, Placement> =>
  new Map(placements.map(({ deviceId, ...placement }) => [deviceId, placement]));

function push(times: Map<string, number[]>, key: string, ms: number): void {
  const seen = times.get(key);
  if (seen) seen.push(ms);
  else times.set(key, [ms]);
}

function meanOf(times: ReadonlyMap<string, readonly number[]>, key: string): number {
  const seen = times.get(key);
  if (!seen) throw new RangeError(`not measured: ${key}`);
  return mean(seen);
}
