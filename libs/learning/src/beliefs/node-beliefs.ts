import type { ComputeNode, Tier } from '@weir/domain';
import type { BeliefOptions } from './belief-options.ts';
import { CostBlock } from './cost-block.ts';
import { FairShare } from './fair-share.ts';
import { firstGuess, int8Factor, loadLevel, type Work } from './features.ts';
import { RelativeNoise } from './noise.ts';
import { nodeRole } from './prior.ts';
import { ReporterMedians } from './reporter-medians.ts';
import type { NodesState } from './state.ts';

/** Where and how one remote time was measured or is asked for. */
export interface NodeUse {
  readonly nodeId: string;
  readonly variant: string;
  /** Inferences at the node, this one included, >= 1. */
  readonly concurrency: number;
  /** Load of the node by others, 0..1. */
  readonly load: number;
  /** Inferences computed together, this one included, >= 1. @default 1 */
  readonly batchSize?: number;
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
/** Larger batches count as this large: no worker computes more at once, and one absurd claim must not be a lever. */
const mostBatch = 64;
/** Name of the weight that a node gets when it computes its first batch: time of each further inference. */
const furtherInference = 'batch';

/**
 * Service times of the remote nodes, a block for each: intercept, work, work × (concurrency − 1), work × load, work ×
 * (what the slots cannot take at once), a residual per variant and per context of (concurrency, load); of a node that
 * batches, work × (batch size − 1), with residuals of that slope per variant and per size to the nearest power of two.
 * All devices of a cell report on a block: none weighs more than its share, and a change needs a second witness where
 * several report. All frames of a batch report the same computation: together they weigh what one frame does.
 */
export class NodeBeliefs {
  readonly noise: RelativeNoise;
  readonly #options: BeliefOptions;
  readonly #blocks = new Map<string, CostBlock>();
  readonly #noiseShare = new FairShare();
  readonly #tiers = new Map<string, Tier>();
  readonly #slots = new Map<string, number>();
  /** The largest batch that each device has met, by node. */
  readonly #batches = new ReporterMedians();

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

  /** The largest batch that a device may expect to be part of there: the median of what each has met; 1 at first. */
  largestBatch(nodeId: string): number {
    return Math.floor(this.#batches.median(nodeId) ?? 1);
  }

  /** `reporter`: the device that says so; missing: the node itself. True on a change. */
  observe(use: NodeUse, work: Work, ms: number, reporter?: string, extraNoise = 0): boolean {
    const block = this.block(use.nodeId);
    const batchSize = batchOf(use);
    if (reporter !== undefined && batchSize > (this.#batches.of(use.nodeId, reporter) ?? 0))
      this.#batches.set(use.nodeId, reporter, batchSize);
    const { indices, values } = this.features(use, work, true);
    const noiseWeight = this.#noiseShare.weigh(reporter ?? use.nodeId);
    const measurement = {
      indices,
      values,
      observedMs: ms,
      noise: this.noise,
      noiseWeight,
      extraNoise,
      evidence: 1 / batchSize,
    };
    return block.observe(reporter === undefined ? measurement : { ...measurement, reporter });
  }

  block(nodeId: string): CostBlock {
    let block = this.#blocks.get(nodeId);
    if (block) return block;
    const tier = this.#tiers.get(nodeId);
    const expected = tier && this.#options.prior?.blocks[nodeRole(tier)];
    block = expected
      ? CostBlock.expecting(expected)
      : new CostBlock(firstGuess.node.means, firstGuess.node.deviations, this.#options.serviceMs);
    this.#blocks.set(nodeId, block);
    return block;
  }

  /** Of a node that has computed no batch yet, a batch is believed to take as long as one inference. */
  features(use: NodeUse, { work, int8 }: Work, create: boolean): NodeFeatures {
    const block = this.block(use.nodeId);
    const size = work * (int8 ? int8Factor : 1);
    const slots = this.#slots.get(use.nodeId) ?? 1;
    // What arrives beyond what the slots take at once, relative to the slots: only that waits or shares a processor.
    const excess = Math.max(0, use.concurrency / slots + use.load - 1);
    const indices = [0, 1, 2, 3, 4];
    const values = [1, size, size * (use.concurrency - 1), size * use.load, size * excess];
    const residual = (name: string, deviation: number, value = size): number => {
      if (!block.residuals.has(name) && !(create && block.residuals.size < mostResiduals))
        return deviation * block.priorMs * value;
      indices.push(block.residual(name, deviation));
      values.push(value);
      return 0;
    };
    const unseenVariant = residual(`variant ${use.variant}`, 0.15);
    const unseenContext = residual(contextKey(use), 0.1 * Math.sqrt(use.concurrency));
    const batchSize = batchOf(use);
    if (batchSize > 1 && (create || block.residuals.has(furtherInference))) {
      const further = size * (batchSize - 1);
      // Between "free" and "as long as alone": else nobody would batch.
      indices.push(block.residual(furtherInference, 0.3, 0.5));
      values.push(further);
      residual(`batch of ${2 ** Math.round(Math.log2(batchSize))}`, 0.1, further);
      residual(`batch of variant ${use.variant}`, 0.1, further);
    }
    return { indices, values, unseenContext, unseenVariant };
  }

  retain(keepsDevice: (deviceId: string) => boolean, keeps: (nodeId: string) => boolean): void {
    for (const map of [this.#blocks, this.#tiers, this.#slots])
      for (const id of map.keys()) if (!keeps(id)) map.delete(id);
    this.#batches.retain(keeps, keepsDevice);
  }

  state(): NodesState {
    return {
      blocks: [...this.#blocks].map(([id, block]) => [id, block.state()]),
      noise: this.noise.state(),
      noiseShare: this.#noiseShare.state(),
      tiers: [...this.#tiers],
      batches: this.#batches.state(),
    };
  }

  restore({ blocks, noise, noiseShare, tiers, batches }: NodesState): void {
    this.#blocks.clear();
    for (const [id, block] of blocks) this.#blocks.set(id, CostBlock.restore(block));
    this.noise.restore(noise);
    this.#noiseShare.restore(noiseShare);
    this.#batches.restore(batches);
    for (const [id, tier] of tiers) if (!this.#tiers.has(id)) this.#tiers.set(id, tier);
  }
}

const batchOf = ({ batchSize = 1 }: NodeUse) => Math.min(mostBatch, batchSize);

export const contextKey = ({ concurrency, load }: NodeUse) => `context ${concurrency}/${loadLevel(load)}`;

/** Time falls neither with work nor with concurrency or batch: draws of these weights are cut at nearly nothing. */
export function positive(weights: Float64Array, { priorMs, residuals }: CostBlock): Float64Array {
  for (let i = 1; i <= 4; i++) weights[i] = Math.max(i === 1 ? 0.02 * priorMs : 0, weights[i]!);
  const further = residuals.get(furtherInference);
  if (further !== undefined) weights[further] = Math.max(0, weights[further]!);
  return weights;
}
