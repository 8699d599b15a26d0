import type { ComputeNode, Tier } from '@weir/domain';
import type { BeliefOptions } from './belief-options.ts';
import { CostBlock } from './cost-block.ts';
import { FairShare } from './fair-share.ts';
import { int8Factor, loadLevel, type Work } from './features.ts';
import { RelativeNoise } from './noise.ts';
import type { NodesState } from './state.ts';

/** Where and how one remote time was measured or is asked for. */
export interface NodeUse {
  readonly nodeId: string;
  readonly variant: string;
  /** Inferences at the node, this one included, >= 1. */
  readonly concurrency: number;
  /** Load of the node by others, 0..1. */
  readonly load: number;
}

export interface NodeFeatures {
  readonly indices: number[];
  readonly values: number[];
  /** Deviations of the residuals that no weight stands for yet, ms; 0 where one does. */
  readonly unseenContext: number;
  readonly unseenVariant: number;
}

/** Most residuals that one node keeps; more contexts than these are left to the linear part. */
const mostResiduals = 96;

/**
 * Service times of the remote nodes, a block for each: intercept, work, work × (concurrency − 1), work × load, work ×
 * (what the slots cannot take at once), a residual per variant and per context of (concurrency, load). All devices of a
 * cell report on a block: none weighs more than its share, and a change needs a second witness where several report.
 */
export class NodeBeliefs {
  readonly noise: RelativeNoise;
  readonly #options: BeliefOptions;
  readonly #blocks = new Map<string, CostBlock>();
  readonly #noiseShare = new FairShare();
  readonly #tiers = new Map<string, Tier>();
  readonly #slots = new Map<string, number>();

  constructor(options: BeliefOptions) {
    this.#options = options;
    this.noise = new RelativeNoise(options.prior?.noise.nodes ?? options.noise);
  }

  /** The nodes' tiers, the role under which a prior speaks of them, and their slots. */
  setNodes(nodes: readonly ComputeNode[]): void {
    for (const { id, tier, slots } of nodes) {
      this.#tiers.set(id, tier);
      this.#slots.set(id, slots);
    }
  }

  tierOf(nodeId: string): Tier | undefined {
    return this.#tiers.get(nodeId);
  }

  tiers(): [string, Tier][] {
    return [...this.#tiers];
  }

  knows(nodeId: string): boolean {
    return (this.#blocks.get(nodeId)?.observations ?? 0) > 0;
  }

  suspectsChange(nodeId: string): boolean {
    return this.#blocks.get(nodeId)?.suspectsChange ?? false;
  }

  /** `reporter`: the device that says so; missing: the node itself. True on a change. */
  observe(use: NodeUse, work: Work, ms: number, reporter?: string, extraNoise = 0): boolean {
    const block = this.block(use.nodeId);
    const { indices, values } = this.features(use, work, true);
    const noiseWeight = this.#noiseShare.weigh(reporter ?? use.nodeId);
    const measurement = { indices, values, observedMs: ms, noise: this.noise, noiseWeight, extraNoise };
    return block.observe(reporter === undefined ? measurement : { ...measurement, reporter });
  }

  block(nodeId: string): CostBlock {
    let block = this.#blocks.get(nodeId);
    if (block) return block;
    const tier = this.#tiers.get(nodeId);
    const expected = tier && this.#options.prior?.nodes[tier];
    block = expected
      ? CostBlock.expecting(expected)
      : new CostBlock([0.02, 1, 0.4, 0.4, 0.3], [0.04, 0.1, 0.4, 0.5, 0.5], this.#options.serviceMs);
    this.#blocks.set(nodeId, block);
    return block;
  }

  features(use: NodeUse, { work, int8 }: Work, create: boolean): NodeFeatures {
    const block = this.block(use.nodeId);
    const size = work * (int8 ? int8Factor : 1);
    const slots = this.#slots.get(use.nodeId) ?? 1;
    // What arrives beyond what the slots take at once, relative to the slots: only that waits or shares a processor.
    const excess = Math.max(0, use.concurrency / slots + use.load - 1);
    const indices = [0, 1, 2, 3, 4];
    const values = [1, size, size * (use.concurrency - 1), size * use.load, size * excess];
    const residual = (name: string, deviation: number): number => {
      if (!block.residuals.has(name) && !(create && block.residuals.size < mostResiduals))
        return deviation * block.priorMs * size;
      indices.push(block.residual(name, deviation));
      values.push(size);
      return 0;
    };
    const unseenVariant = residual(`variant ${use.variant}`, 0.15);
    const unseenContext = residual(contextKey(use), 0.1 * Math.sqrt(use.concurrency));
    return { indices, values, unseenContext, unseenVariant };
  }

  retain(keeps: (nodeId: string) => boolean): void {
    for (const map of [this.#blocks, this.#tiers, this.#slots])
      for (const id of map.keys()) if (!keeps(id)) map.delete(id);
  }

  state(): NodesState {
    return {
      blocks: [...this.#blocks].map(([id, block]) => [id, block.state()]),
      noise: this.noise.state(),
      noiseShare: this.#noiseShare.state(),
      tiers: [...this.#tiers],
    };
  }

  restore({ blocks, noise, noiseShare, tiers }: NodesState): void {
    this.#blocks.clear();
    for (const [id, block] of blocks) this.#blocks.set(id, CostBlock.restore(block));
    this.noise.restore(noise);
    this.#noiseShare.restore(noiseShare);
    for (const [id, tier] of tiers) if (!this.#tiers.has(id)) this.#tiers.set(id, tier);
  }
}

export const contextKey = ({ concurrency, load }: NodeUse) => `context ${concurrency}/${loadLevel(load)}`;

/** Time neither falls with work nor with concurrency: draws of these weights are cut at nearly nothing. */
export function positive(weights: Float64Array, { priorMs }: CostBlock): Float64Array {
  for (let i = 1; i <= 4; i++) weights[i] = Math.max(i === 1 ? 0.02 * priorMs : 0, weights[i]!);
  return weights;
}
