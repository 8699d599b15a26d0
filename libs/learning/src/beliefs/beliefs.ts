import type { Random } from '@weir/base';
import type { ComputeNode, Tier, Variant } from '@weir/domain';
import { CostBlock, type CostBlockState } from './cost-block.ts';
import { int8Factor, linearWeights, loadLevel, relativeWork } from './features.ts';
import { type NoiseState, RelativeNoise } from './noise.ts';
import { type BeliefPrior, linkRole } from './prior.ts';
import { refill } from '../refill.ts';

export interface BeliefOptions {
  /** Time of the largest FP32 variant on a processor before anything was measured, ms; the first measurement of a
   * device or node corrects it by up to 50 times. @default 300 — own choice, the order of MobileNetV1 on a weak device */
  readonly serviceMs: number;
  /** Round trip with the input's upload on a regular link before anything was measured, ms; a weak link
   * is expected to take twice as long. @default 60 — own choice, the order of a mobile network */
  readonly networkMs: number;
  /**
   * Noise relative to the mean before anything was measured; too low a guess takes the first noisy outcomes for changes.
   * @default 0.15 — docs/learning.md, "How much to explore"
   */
  readonly noise: number;
  /** What other cells have measured, in place of the three guesses above. @default none */
  readonly prior?: BeliefPrior;
}

export const defaultBeliefOptions: BeliefOptions = { serviceMs: 300, networkMs: 60, noise: 0.15 };

/** Where and how one remote time was measured or is asked for. */
export interface NodeUse {
  readonly nodeId: string;
  readonly variant: string;
  /** Inferences at the node, this one included, >= 1. */
  readonly concurrency: number;
  /** Load of the node by others, 0..1. */
  readonly load: number;
}

export interface LinkUse {
  readonly deviceId: string;
  readonly nodeId: string;
  readonly class: 'regular' | 'weak';
  /** Newest round trip of a small message, ms; 0 when not measured. */
  readonly roundTripMs: number;
}

/** Expected costs, by the posterior's means or by one draw from it. All ms, > 0. */
export interface CostView {
  localMs(deviceId: string, variant: string): number;
  computeMs(use: NodeUse): number;
  networkMs(use: LinkUse): number;
}

/** JSON form of `Beliefs`. */
export interface BeliefState {
  readonly local: readonly [string, CostBlockState][];
  readonly nodes: readonly [string, CostBlockState, readonly [string, number][]][];
  readonly links: readonly [string, CostBlockState][];
  readonly pools: readonly [string, number, number][];
  readonly noise: { readonly local: NoiseState; readonly nodes: NoiseState; readonly links: NoiseState };
  readonly localScale: readonly [number, number];
  readonly alarms: number;
}

/** Most residual cells that one node keeps; more contexts than these are left to the linear part. */
const mostCells = 96;

/**
 * What is believed about the costs of a cell, from separate observations of compute and network:
 * - local per device: intercept, work FP32, work INT8, what INT8 takes more whatever the size (it quantises and back), a
 *   residual per variant;
 * - compute per node: intercept, work, work × (concurrency − 1), work × load, work × (what the slots cannot take at
 *   once), a residual per variant and per cell of (concurrency, load);
 * - network per device, node and link class: an offset over the round trip, with the other devices of the node as prior.
 *
 * Noise is learned for each of the three groups, changes are detected for each device, node and link and renew that
 * block alone.
 */
export class Beliefs {
  readonly noise: { local: RelativeNoise; nodes: RelativeNoise; links: RelativeNoise };
  /** Changes detected so far. */
  alarms = 0;
  readonly #options: BeliefOptions;
  #variants: readonly Variant[] = [];
  readonly #tiers = new Map<string, Tier>();
  readonly #slots = new Map<string, number>();
  #work = new Map<string, { work: number; int8: boolean }>();
  readonly #local = new Map<string, CostBlock>();
  readonly #nodes = new Map<string, { block: CostBlock; cells: Map<string, number> }>();
  readonly #links = new Map<string, CostBlock>();
  /** Sum and count of first offsets per node and class: what a device without its own measurements may expect. */
  readonly #pools = new Map<string, { sum: number; count: number }>();
  /** Sum and count of the logarithms of first local measurements over the prior. */
  #localScale: [number, number] = [0, 0];

  constructor(options: Partial<BeliefOptions> = {}) {
    this.#options = { ...defaultBeliefOptions, ...options };
    const { noise, prior } = this.#options;
    this.noise = {
      local: new RelativeNoise(prior?.noise.local ?? noise),
      nodes: new RelativeNoise(prior?.noise.nodes ?? noise),
      links: new RelativeNoise(prior?.noise.links ?? noise),
    };
  }

  /** The family in use; names that were known before keep their meaning. */
  setVariants(variants: readonly Variant[]): void {
    if (variants === this.#variants) return;
    this.#variants = variants;
    this.#work = relativeWork(variants);
  }

  /** The nodes' tiers, the role under which a prior speaks of them, and their slots. */
  setNodes(nodes: readonly ComputeNode[]): void {
    for (const { id, tier, slots } of nodes) {
      this.#tiers.set(id, tier);
      this.#slots.set(id, slots);
    }
  }

  /** Drops what belongs to devices and nodes that are gone for good. */
  retain({ deviceIds, nodeIds }: { deviceIds: ReadonlySet<string>; nodeIds: ReadonlySet<string> }): void {
    for (const id of this.#local.keys()) if (!deviceIds.has(id)) this.#local.delete(id);
    for (const id of this.#nodes.keys()) if (!nodeIds.has(id)) this.#nodes.delete(id);
    for (const key of this.#links.keys()) {
      const [deviceId, nodeId] = key.split('\n') as [string, string];
      if (!deviceIds.has(deviceId) || !nodeIds.has(nodeId)) this.#links.delete(key);
    }
  }

  knowsDevice = (deviceId: string): boolean => (this.#local.get(deviceId)?.observations ?? 0) > 0;
  knowsNode = (nodeId: string): boolean => (this.#nodes.get(nodeId)?.block.observations ?? 0) > 0;

  observeLocal(deviceId: string, variant: string, ms: number, extraNoise = 0): void {
    if (!this.#work.has(variant) || !(ms > 0)) return;
    const block = this.#localBlock(deviceId);
    const { indices, values } = this.#localFeatures(block, variant);
    if (block.observations === 0) {
      const expected = block.weights.predict(indices, values).mean;
      const prior = (expected / block.priorMs) * this.#options.serviceMs;
      this.#localScale = [this.#localScale[0] + Math.log(ms / prior), this.#localScale[1] + 1];
    }
    if (block.observe(indices, values, ms, this.noise.local, extraNoise)) this.alarms++;
  }

  observeCompute(use: NodeUse, ms: number, extraNoise = 0): void {
    if (!this.#work.has(use.variant) || !(ms > 0)) return;
    const node = this.#node(use.nodeId);
    const { indices, values } = this.#nodeFeatures(node, use, true);
    if (node.block.observe(indices, values, ms, this.noise.nodes, extraNoise)) this.alarms++;
  }

  observeNetwork(use: LinkUse, ms: number): void {
    if (!(ms >= 0)) return;
    const key = linkKey(use);
    let block = this.#links.get(key);
    const offset = Math.max(0.1, ms - use.roundTripMs);
    if (!block) {
      const { mean, deviation } = this.#linkPrior(use);
      block = new CostBlock([], [], mean);
      block.weights.append(mean, deviation);
      // The prior is the pool's or the round trip's word: the first observation must not overrule its scale.
      block.observations = 1;
      this.#links.set(key, block);
      const pool = this.#pools.get(poolKey(use)) ?? { sum: 0, count: 0 };
      this.#pools.set(poolKey(use), { sum: pool.sum + offset, count: pool.count + 1 });
    }
    if (block.observe([0], [1], offset, this.noise.links)) this.alarms++;
  }

  /** Costs by the means, or, with `random`, by one joint draw that stays the same for the life of the view. */
  view(random?: Random): CostView {
    const drawnLocal = new Map<string, Float64Array>();
    const drawnNodes = new Map<string, Float64Array>();
    const drawnLinks = new Map<string, number>();
    const residuals = new Map<string, number>();
    const remember = <V>(map: Map<string, V>, key: string, make: () => V): V => {
      let value = map.get(key);
      if (value === undefined) map.set(key, (value = make()));
      return value;
    };
    const dot = (weights: Float64Array, { indices, values }: Features) => {
      let sum = 0;
      for (let a = 0; a < indices.length; a++) sum += weights[indices[a]!]! * values[a]!;
      return sum;
    };
    const unseen = (key: string, deviation: number) =>
      random && deviation > 0 ? remember(residuals, key, () => random.normal()) * deviation : 0;

    return {
      localMs: (deviceId, variant) => {
        const block = this.#localBlock(deviceId);
        const features = this.#localFeatures(block, variant);
        const weights = random
          ? remember(drawnLocal, deviceId, () => block.weights.sample(random))
          : block.weights.mean;
        return Math.max(0.02 * block.priorMs * this.#work.get(variant)!.work, dot(weights, features));
      },
      computeMs: (use) => {
        const node = this.#node(use.nodeId);
        const features = this.#nodeFeatures(node, use, false);
        const weights = random
          ? remember(drawnNodes, use.nodeId, () =>
              positive(node.block.weights.sample(random), node.block.priorMs),
            )
          : node.block.weights.mean;
        const key = `${use.nodeId}\n${cellKey(use)}`;
        const residual =
          unseen(key, features.unseenCell) + unseen(`${key}\n${use.variant}`, features.unseenVariant);
        const floor = 0.02 * node.block.priorMs * this.#work.get(use.variant)!.work;
        return Math.max(floor, dot(weights, features) + residual);
      },
      networkMs: (use) => {
        const key = linkKey(use);
        const block = this.#links.get(key);
        const draw = (mean: number, deviation: number) =>
          random ? remember(drawnLinks, key, () => mean + deviation * random.normal()) : mean;
        const { mean, deviation } = block
          ? { mean: block.weights.mean[0]!, deviation: Math.sqrt(block.weights.covariance[0]!) }
          : this.#linkPrior(use);
        return use.roundTripMs + Math.max(0.1, draw(mean, deviation));
      },
    };
  }

  state(): BeliefState {
    return {
      local: [...this.#local].map(([id, block]) => [id, block.state()]),
      nodes: [...this.#nodes].map(([id, { block, cells }]) => [id, block.state(), [...cells]]),
      links: [...this.#links].map(([key, block]) => [key, block.state()]),
      pools: [...this.#pools].map(([key, { sum, count }]) => [key, sum, count]),
      noise: {
        local: this.noise.local.state(),
        nodes: this.noise.nodes.state(),
        links: this.noise.links.state(),
      },
      localScale: this.#localScale,
      alarms: this.alarms,
    };
  }

  restore(state: BeliefState): void {
    refill(
      this.#local,
      state.local.map(([id, block]) => [id, CostBlock.restore(block)] as const),
    );
    refill(
      this.#nodes,
      state.nodes.map(
        ([id, block, cells]) => [id, { block: CostBlock.restore(block), cells: new Map(cells) }] as const,
      ),
    );
    refill(
      this.#links,
      state.links.map(([key, block]) => [key, CostBlock.restore(block)] as const),
    );
    refill(
      this.#pools,
      state.pools.map(([key, sum, count]) => [key, { sum, count }] as const),
    );
    for (const group of ['local', 'nodes', 'links'] as const)
      Object.assign(this.noise[group], state.noise[group]);
    this.#localScale = [state.localScale[0], state.localScale[1]];
    this.alarms = state.alarms;
  }

  #localBlock(deviceId: string): CostBlock {
    let block = this.#local.get(deviceId);
    const { prior } = this.#options;
    if (!block && prior?.local) {
      block = CostBlock.expecting(prior.local);
      this.#local.set(deviceId, block);
    } else if (!block) {
      const [sum, count] = this.#localScale;
      const scale = this.#options.serviceMs * Math.exp(count > 0 ? sum / count : 0);
      block = new CostBlock([0.04, 1, int8Factor, 0], [0.06, 0.2, 0.2, 0.06], scale);
      this.#local.set(deviceId, block);
    }
    return block;
  }

  #localFeatures(block: CostBlock, variant: string): Features {
    const { work, int8 } = this.#work.get(variant)!;
    const indices = int8 ? [0, 2, 3] : [0, 1];
    const values = int8 ? [1, work, 1] : [1, work];
    // One residual for each variant, in the order of the family.
    const index = linearWeights.local + this.#variants.findIndex(({ name }) => name === variant);
    while (block.weights.dimensions <= index) {
      const of = this.#variants[block.weights.dimensions - linearWeights.local]!;
      block.append(0.05 * (0.1 + this.#work.get(of.name)!.work));
    }
    indices.push(index);
    values.push(1);
    return { indices, values, unseenCell: 0, unseenVariant: 0 };
  }

  #node(nodeId: string): { block: CostBlock; cells: Map<string, number> } {
    let node = this.#nodes.get(nodeId);
    if (!node) {
      const tier = this.#tiers.get(nodeId);
      const expected = tier && this.#options.prior?.nodes[tier];
      const block = expected
        ? CostBlock.expecting(expected)
        : new CostBlock([0.02, 1, 0.4, 0.4, 0.3], [0.04, 0.1, 0.4, 0.5, 0.5], this.#options.serviceMs);
      this.#nodes.set(nodeId, (node = { block, cells: new Map() }));
    }
    return node;
  }

  #nodeFeatures(
    node: { block: CostBlock; cells: Map<string, number> },
    use: NodeUse,
    create: boolean,
  ): Features {
    const { work, int8 } = this.#work.get(use.variant)!;
    const size = work * (int8 ? int8Factor : 1);
    const slots = this.#slots.get(use.nodeId) ?? 1;
    const crowd = Math.max(0, use.concurrency / slots + use.load - 1);
    const indices = [0, 1, 2, 3, 4];
    const values = [1, size, size * (use.concurrency - 1), size * use.load, size * crowd];
    const residual = (key: string, value: number, deviation: number): number => {
      let index = node.cells.get(key);
      if (index === undefined && create && node.cells.size < mostCells) {
        index = node.block.append(deviation);
        node.cells.set(key, index);
      }
      if (index === undefined) return deviation * node.block.priorMs * value;
      indices.push(index);
      values.push(value);
      return 0;
    };
    const unseenVariant = residual(use.variant, size, 0.15);
    const unseenCell = residual(cellKey(use), size, 0.1 * Math.sqrt(use.concurrency));
    return { indices, values, unseenCell, unseenVariant };
  }

  #linkPrior(use: LinkUse): { mean: number; deviation: number } {
    const pool = this.#pools.get(poolKey(use));
    if (pool) return { mean: pool.sum / pool.count, deviation: (0.3 * pool.sum) / pool.count + 1 };
    const tier = this.#tiers.get(use.nodeId);
    const expected = tier && this.#options.prior?.links[linkRole(tier, use.class)];
    if (expected) return expected;
    if (use.roundTripMs > 0) return { mean: 0.3 * use.roundTripMs + 1, deviation: 0.3 * use.roundTripMs + 2 };
    const mean = this.#options.networkMs * (use.class === 'weak' ? 2 : 1);
    return { mean, deviation: mean };
  }
}

interface Features {
  readonly indices: number[];
  readonly values: number[];
  readonly unseenCell: number;
  readonly unseenVariant: number;
}

const linkKey = (use: LinkUse) => `${use.deviceId}\n${use.nodeId}\n${use.class}`;
const poolKey = (use: LinkUse) => `${use.nodeId}\n${use.class}`;
const cellKey = (use: NodeUse) => `${use.concurrency}/${loadLevel(use.load)}`;

/** Time neither falls with work nor with company: draws of these weights are cut at nearly nothing. */
function positive(weights: Float64Array, priorMs: number): Float64Array {
  for (let i = 1; i <= 4; i++) weights[i] = Math.max(i === 1 ? 0.02 * priorMs : 0, weights[i]!);
  return weights;
}
