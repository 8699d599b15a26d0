import { mean } from '@weir/base';
import type { Placement } from '@weir/domain';
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
    return mean([...placements.values()].map(({ variant }) => this.accuracyOf(variant)));
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

  /** Of a variant of the family. */
  accuracyOf(variant: string): number {
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
