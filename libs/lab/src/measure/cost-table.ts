import { mean } from '@weir/base';
import type { LookCurves, LookStep, Placement } from '@weir/domain';
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
  /** What second looks buy; absent: not known. */
  readonly looks?: LookCurves | undefined;
}

/** What a device does with its frames. */
export type DevicePlan = Omit<PlacedDevice, 'deviceId'>;

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

  /**
   * Mean response time of a joint placement in a synchronous epoch, ms. A second look counts with its share of the frames,
   * and meets at its node those that look there first and the others' shares of second looks. Throws RangeError for what
   * was not measured.
   */
  responseMs(placements: ReadonlyMap<string, DevicePlan>): number {
    const [firsts, seconds] = [new Map<string, number>(), new Map<string, number>()];
    for (const plan of placements.values()) {
      add(firsts, plan.nodeId, 1);
      if (plan.secondLook) add(seconds, plan.secondLook.nodeId, this.stepOf(plan)?.share ?? 0);
    }
    const times = [...placements].map(([deviceId, plan]) => {
      const firstMs = this.#lookMs(deviceId, plan, firsts.get(plan.nodeId)!);
      const { secondLook } = plan;
      const share = this.stepOf(plan)?.share ?? 0;
      if (!secondLook || share === 0) return firstMs;
      const { nodeId } = secondLook;
      const others = (firsts.get(nodeId) ?? 0) + Math.max(0, seconds.get(nodeId)! - share);
      return firstMs + share * this.#lookMs(deviceId, secondLook, 1 + others);
    });
    return mean(times);
  }

  /** Mean of what a joint placement promises. */
  accuracy(placements: ReadonlyMap<string, DevicePlan>): number {
    return mean(
      [...placements.values()].map((plan) => this.accuracyOf(plan.variant) + (this.stepOf(plan)?.gain ?? 0)),
    );
  }

  /** The step of the curves that a plan's second look is; undefined without one. */
  stepOf({ variant, secondLook }: Pick<DevicePlan, 'variant' | 'secondLook'>): LookStep | undefined {
    if (!secondLook) return undefined;
    const curve = this.shape.looks?.curves.find(
      ({ first, second }) => first === variant && second === secondLook.variant,
    );
    return curve?.steps.find(({ marginBelow }) => marginBelow === secondLook.marginBelow);
  }

  /** `together`: at a remote node, this device among them; a fraction lies between what was measured on both sides. */
  #lookMs(deviceId: string, { tier, nodeId, variant }: Placement, together: number): number {
    if (tier === 'device') return this.localMs(deviceId, variant);
    const at = Math.min(together, this.shape.deviceIds.length);
    const [below, above] = [Math.floor(at), Math.ceil(at)];
    const belowMs = this.remoteMs(nodeId, variant, below);
    const ms = belowMs + (at - below) * (this.remoteMs(nodeId, variant, above) - belowMs);
    return ms + this.networkMs(deviceId, nodeId);
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

export const asMap = (placements: readonly PlacedDevice[]): Map<string, DevicePlan> =>
  new Map(placements.map(({ deviceId, ...placement }) => [deviceId, placement]));

const add = (counts: Map<string, number>, key: string, by: number) =>
  void counts.set(key, (counts.get(key) ?? 0) + by);

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
