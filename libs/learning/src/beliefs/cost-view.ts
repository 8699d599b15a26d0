import { getOrAdd, type Random } from '@weir/base';
import type { CostBlock } from './cost-block.ts';
import type { Work } from './features.ts';
import { leastOffsetMs, type LinkBeliefs, linkKey, type LinkUse } from './link-beliefs.ts';
import { type LocalBeliefs, localFeatures } from './local-beliefs.ts';
import type { RelativeNoise } from './noise.ts';
import { contextKey, type NodeBeliefs, type NodeUse, positive } from './node-beliefs.ts';

/** Expected costs, by the posterior's means or by one draw from it. All ms, > 0. */
export interface CostView {
  localMs(deviceId: string, variant: string): number;
  computeMs(use: NodeUse): number;
  /** The largest batch that a device may expect to be part of there, >= 1. */
  largestBatch(nodeId: string): number;
  networkMs(use: LinkUse): number;
}

/** Least time of a unit of work, relative to what the first measurement made of the prior. */
const leastShare = 0.02;

interface Sources {
  readonly local: LocalBeliefs;
  readonly nodes: NodeBeliefs;
  readonly links: LinkBeliefs;
}

/** One draw of the costs. */
export interface Draw {
  readonly random: Random;
  /** Observations that the plan made of it brings of each thing that it uses; Infinity: draw from the posterior itself. */
  readonly observations: number;
}

/**
 * A draw is of what the beliefs could say after one more plan: variance v²/(v + r/k) where the posterior's is v, the
 * noise's r and the plan brings k observations. While little is known that is the posterior (Thompson 1933); later it
 * fades as what there is to learn does (the knowledge gradient, Frazier, Powell & Dayanik 2008), where draws of the
 * posterior itself would go on for what noise hides. It depends on the names of what it is for, not on the order in
 * which it is asked for.
 */
export function costView(
  { local, nodes, links }: Sources,
  works: ReadonlyMap<string, Work>,
  draw?: Draw,
): CostView {
  const random = draw?.random;
  const drawn = new Map<CostBlock, Float64Array>();
  const normals = new Map<string, number>();
  const normal = (key: string) => getOrAdd(normals, key, () => random!.fork(key).normal());

  /** How far one more plan may move a mean, as a share of the posterior's deviation. */
  const learnable = (variance: number, noise: number) =>
    variance > 0 ? Math.sqrt(variance / (variance + noise / draw!.observations)) : 0;

  /** The draw of features · weights plus unseen residuals, whose mean is `mean`. */
  const drawOf = (mean: number, block: CostBlock, { key, features, unseen, noise, cut }: Drawn): number => {
    const weights = getOrAdd(drawn, block, () => {
      const sampled = block.weights.sample(random!.fork(key));
      return cut ? cut(sampled, block) : sampled;
    });
    let departure = dot(weights, features) - mean;
    let { variance } = block.weights.predict(features.indices, features.values);
    for (const [name, deviation] of unseen) {
      if (deviation <= 0) continue;
      departure += deviation * normal(name);
      variance += deviation * deviation;
    }
    return mean + departure * learnable(variance, noise.variance * mean * mean);
  };

  return {
    localMs: (deviceId, variant) => {
      const block = local.block(deviceId);
      const work = works.get(variant)!;
      const features = localFeatures(block, variant, work, false);
      const mean = dot(block.weights.mean, features);
      if (!random) return Math.max(floorOf(block, work), mean);
      const key = `device ${deviceId}`;
      const unseen = [[`${key}\n${variant}`, features.unseenVariant]] as const;
      const ms = drawOf(mean, block, { key, features, unseen, noise: local.noise });
      return Math.max(floorOf(block, work), ms);
    },
    computeMs: (use) => {
      const block = nodes.block(use.nodeId);
      const work = works.get(use.variant)!;
      const features = nodes.features(use, work, false);
      const mean = dot(block.weights.mean, features);
      if (!random) return Math.max(floorOf(block, work), mean);
      const context = `${use.nodeId}\n${contextKey(use)}`;
      const unseen = [
        [context, features.unseenContext],
        [`${context}\n${use.variant}`, features.unseenVariant],
      ] as const;
      const key = `node ${use.nodeId}`;
      const ms = drawOf(mean, block, { key, features, unseen, noise: nodes.noise, cut: positive });
      return Math.max(floorOf(block, work), ms);
    },
    largestBatch: (nodeId) => nodes.largestBatch(nodeId),
    networkMs: (use) => {
      const { mean, deviation } = links.expect(use);
      const variance = deviation * deviation;
      const noise = links.noise.variance * (use.roundTripMs + mean) ** 2;
      const departure =
        random && deviation > 0 ? deviation * normal(`link ${linkKey(use)}`) * learnable(variance, noise) : 0;
      return use.roundTripMs + Math.max(leastOffsetMs, mean + departure);
    },
  };
}

/** What a cost is drawn of. */
interface Drawn {
  /** Of the block. */
  readonly key: string;
  readonly features: Features;
  /** Residuals that no weight stands for: of each its key and deviation. */
  readonly unseen: readonly (readonly [key: string, deviation: number])[];
  readonly noise: RelativeNoise;
  /** Keeps the block's weights to what can be. */
  readonly cut?: (weights: Float64Array, block: CostBlock) => Float64Array;
}

const floorOf = (block: CostBlock, { work }: Work) => leastShare * block.priorMs * work;

interface Features {
  readonly indices: readonly number[];
  readonly values: readonly number[];
}

function dot(weights: Float64Array, { indices, values }: Features): number {
  let sum = 0;
  for (let a = 0; a < indices.length; a++) sum += weights[indices[a]!]! * values[a]!;
  return sum;
}
