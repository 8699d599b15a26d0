import { mapInSteps, type Steps } from '@weir/base';
import type { Tier } from '@weir/domain';
import type { BeliefOptions } from './belief-options.ts';
import { CostBlock, type CostBlockState } from './cost-block.ts';
import { FairShare } from './fair-share.ts';
import { RelativeNoise } from './noise.ts';
import { linkRole } from './prior.ts';
import { ReporterMedians } from './reporter-medians.ts';
import type { LinksState } from './state.ts';

export interface LinkUse {
  readonly deviceId: string;
  readonly nodeId: string;
  readonly class: 'regular' | 'weak';
  /** Newest round trip of a small message, ms; 0 when not measured. */
  readonly roundTripMs: number;
}

/** Least offset over the round trip, ms. */
export const leastOffsetMs = 0.1;

/**
 * Network times, a block for each device, node and link class: an offset over the round trip, with the median of the
 * node's other devices as prior.
 */
export class LinkBeliefs {
  readonly noise: RelativeNoise;
  readonly #options: BeliefOptions;
  readonly #tierOf: (nodeId: string) => Tier | undefined;
  readonly #blocks = new Map<string, CostBlock>();
  readonly #noiseShare = new FairShare();
  /** First offset of each device per node and class: what a device without its own measurements may expect. */
  readonly #pools = new ReporterMedians();

  constructor(options: BeliefOptions, tierOf: (nodeId: string) => Tier | undefined) {
    this.#options = options;
    this.#tierOf = tierOf;
    this.noise = new RelativeNoise(options.prior?.noise.links ?? options.noise);
  }

  /** True on a change. */
  observe(use: LinkUse, ms: number): boolean {
    const key = linkKey(use);
    const offset = ms - use.roundTripMs;
    let block = this.#blocks.get(key);
    if (!block) {
      const { mean, deviation } = this.#prior(use);
      block = new CostBlock([], [], mean);
      block.weights.append(mean, deviation);
      // The prior is the pool's or the round trip's word: the first observation must not overrule its scale.
      block.observations = 1;
      this.#blocks.set(key, block);
      this.#pools.set(poolKey(use), use.deviceId, Math.max(leastOffsetMs, offset));
    }
    const noiseWeight = this.#noiseShare.weigh(use.deviceId);
    return block.observe({
      indices: [0],
      values: [1],
      observedMs: offset,
      knownMs: use.roundTripMs,
      noise: this.noise,
      noiseWeight,
    });
  }

  /** Offset over the round trip, ms. */
  expect(use: LinkUse): { mean: number; deviation: number } {
    const block = this.#blocks.get(linkKey(use));
    if (!block) return this.#prior(use);
    return { mean: block.weights.mean[0]!, deviation: Math.sqrt(block.weights.covariance[0]!) };
  }

  retain(keepsDevice: (deviceId: string) => boolean, keepsNode: (nodeId: string) => boolean): void {
    for (const key of this.#blocks.keys()) {
      const [deviceId, nodeId] = key.split('\n') as [string, string];
      if (!keepsDevice(deviceId) || !keepsNode(nodeId)) this.#blocks.delete(key);
    }
    this.#pools.retain((key) => keepsNode(key.split('\n')[0]!), keepsDevice);
  }

  *stateInSteps(): Steps<LinksState> {
    return {
      blocks: yield* mapInSteps([...this.#blocks], ([key, block]): [string, CostBlockState] => [
        key,
        block.state(),
      ]),
      noise: this.noise.state(),
      noiseShare: this.#noiseShare.state(),
      pools: this.#pools.state(),
    };
  }

  restore({ blocks, noise, noiseShare, pools }: LinksState): void {
    this.#blocks.clear();
    for (const [key, block] of blocks) this.#blocks.set(key, CostBlock.restore(block));
    this.noise.restore(noise);
    this.#noiseShare.restore(noiseShare);
    this.#pools.restore(pools);
  }

  #prior(use: LinkUse): { mean: number; deviation: number } {
    const pool = this.#pools.median(poolKey(use));
    if (pool !== undefined) return { mean: pool, deviation: 0.3 * pool + 1 };
    const tier = this.#tierOf(use.nodeId);
    const expected = tier && this.#options.prior?.blocks[linkRole(tier, use.class)];
    if (expected)
      return { mean: expected.mean[0]!, deviation: Math.sqrt(Math.max(0, expected.covariance[0]!)) };
    if (use.roundTripMs > 0) return { mean: 0.3 * use.roundTripMs + 1, deviation: 0.3 * use.roundTripMs + 2 };
    const mean = this.#options.networkMs * (use.class === 'weak' ? 2 : 1);
    return { mean, deviation: mean };
  }
}

export const linkKey = (use: LinkUse) => `${use.deviceId}\n${use.nodeId}\n${use.class}`;
const poolKey = (use: LinkUse) => `${use.nodeId}\n${use.class}`;
