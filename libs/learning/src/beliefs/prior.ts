import type { BlockPrior } from './block-prior.ts';
import { mean } from '@weir/base';
import type { Tier } from '@weir/domain';
import type { CostBlockState } from './cost-block.ts';
import { linearWeights } from './features.ts';
import type { BeliefState } from './state.ts';

/** What a new cell may expect before it has measured anything, by role instead of by name. JSON-serialisable. */
export interface BeliefPrior {
  /** Any device's own processor; missing: no cell has measured one. */
  readonly local?: BlockPrior;
  /** Remote nodes, by tier. */
  readonly nodes: Readonly<Partial<Record<Tier, BlockPrior>>>;
  /** Offset of a link over its round trip, ms, by tier and class. */
  readonly links: Readonly<Record<string, { readonly mean: number; readonly deviation: number }>>;
  /** Relative noise of the three groups. */
  readonly noise: { readonly local: number; readonly nodes: number; readonly links: number };
}

export const linkRole = (tier: Tier, linkClass: string): string => `${tier}/${linkClass}`;

/** Fewer observations say more of the old prior than of the cell. */
const leastObservations = 5;

/**
 * The beliefs of other cells as the prior of a new one: a normal distribution over the weights with the mean and the
 * covariance of a block drawn from a random one of those cells, i.e. how far the cells lie apart plus how unsure each is
 * of itself. Source: Gelman et al. 2013, "Bayesian Data Analysis", chapter 5 (hierarchical models, empirical Bayes).
 */
export function priorOfBeliefs(cells: readonly BeliefState[]): BeliefPrior {
  const local: CostBlockState[] = [];
  const nodes: Partial<Record<Tier, CostBlockState[]>> = {};
  const links: Record<string, CostBlockState[]> = {};
  for (const beliefs of cells) {
    const tiers = new Map(beliefs.nodes.tiers);
    const known = (block: CostBlockState) => block.observations >= leastObservations;
    for (const [, block] of beliefs.local.blocks) if (known(block)) local.push(block);
    for (const [id, block] of beliefs.nodes.blocks) {
      const tier = tiers.get(id);
      if (tier && known(block)) (nodes[tier] ??= []).push(block);
    }
    for (const [key, block] of beliefs.links.blocks) {
      const [, nodeId, linkClass] = key.split('\n') as [string, string, string];
      const tier = tiers.get(nodeId);
      if (tier && known(block)) (links[linkRole(tier, linkClass)] ??= []).push(block);
    }
  }
  const noiseOf = (group: 'local' | 'nodes' | 'links') =>
    Math.sqrt(mean(cells.map((beliefs) => beliefs[group].noise.scale / beliefs[group].noise.shape)));
  return {
    ...(local.length > 0 && { local: pooled(local, linearWeights.local) }),
    nodes: Object.fromEntries(
      Object.entries(nodes).map(([tier, blocks]) => [tier, pooled(blocks, linearWeights.node)]),
    ),
    links: Object.fromEntries(
      Object.entries(links).map(([role, blocks]) => {
        const { mean, covariance } = pooled(blocks, 1);
        return [role, { mean: mean[0]!, deviation: Math.sqrt(covariance[0]!) }];
      }),
    ),
    noise: { local: noiseOf('local'), nodes: noiseOf('nodes'), links: noiseOf('links') },
  };
}

/** Mean and covariance of the first `d` weights of a block drawn at random. */
function pooled(blocks: readonly CostBlockState[], d: number): BlockPrior {
  const means = Array.from({ length: d }, (_, i) => mean(blocks.map(({ weights }) => weights.mean[i]!)));
  const covariance = Array.from({ length: d * d }, (_, at) => {
    const [i, j] = [Math.floor(at / d), at % d];
    return mean(
      blocks.map(({ weights: { mean: own, covariance: within } }) => {
        const apart = (own[i]! - means[i]!) * (own[j]! - means[j]!);
        return apart + within[i * own.length + j]!;
      }),
    );
  });
  return { mean: means, covariance, priorMs: mean(blocks.map(({ priorMs }) => priorMs)) };
}
