import { median } from '@weir/base';
import { CostBlock, type CostBlockState } from './cost-block.ts';
import { GaussianWeights } from './gaussian.ts';
import { type Component, mixtureOf } from './mixture.ts';
import {
  type BeliefPrior,
  type BlockPrior,
  type BlockRole,
  firstGuessOf,
  linkRole,
  nodeRole,
} from './prior.ts';
import type { BeliefState } from './state.ts';

/** What a cell's blocks of one role say together, of the weights before their residuals. */
export interface RoleWitness extends Component {
  /** How much of the doubt of each weight the cell's measurements have taken away, 0..1. */
  readonly tested: readonly number[];
  /** Size of the costs, ms. */
  readonly priorMs: number;
}

/** What one cell has to say to others, or a site of many. */
export interface CellWitness {
  /** How many it speaks for. */
  readonly cells: number;
  readonly roles: ReadonlyMap<BlockRole, RoleWitness>;
  /** Relative noise of the groups that it has measured. */
  readonly noise: BeliefPrior['noise'];
}

/** Fewer observations say more of the old prior than of the cell. */
const leastObservations = 5;
/** What a weight counts that nobody has tested. */
const untestedShare = 0.01;

export function witnessOf(beliefs: BeliefState): CellWitness {
  const tiers = new Map(beliefs.nodes.tiers);
  const blocks = [
    ...beliefs.local.blocks.map(([, block]) => ({ role: 'local' as const, block })),
    ...beliefs.nodes.blocks.flatMap(([nodeId, block]) => {
      const tier = tiers.get(nodeId);
      return tier ? [{ role: nodeRole(tier), block }] : [];
    }),
    ...beliefs.links.blocks.flatMap(([key, block]) => {
      const [, nodeId = '', linkClass] = key.split('\n');
      const tier = tiers.get(nodeId);
      const isKnown = linkClass === 'regular' || linkClass === 'weak';
      return tier && isKnown ? [{ role: linkRole(tier, linkClass), block }] : [];
    }),
  ].filter(speaksOfCell);
  const noiseOf = (group: 'local' | 'nodes' | 'links') => {
    const { scale, shape } = beliefs[group].noise;
    const isMeasured = beliefs[group].blocks.some(
      ([, { observations }]) => observations >= leastObservations,
    );
    return isMeasured ? { [group]: Math.sqrt(scale / shape) } : {};
  };
  return {
    cells: 1,
    roles: new Map(
      [...Map.groupBy<BlockRole, OfRole>(blocks, ({ role }) => role)].map(([role, own]) => [
        role,
        togetherOf(role, own, beliefs.prior?.blocks[role]?.covariance),
      ]),
    ),
    noise: { ...noiseOf('local'), ...noiseOf('nodes'), ...noiseOf('links') },
  };
}

/** What a site says with the prior that its own cells have made: as one witness, however many they are. */
export const siteWitness = ({ cells, blocks, noise }: BeliefPrior): CellWitness => ({
  cells,
  noise,
  roles: new Map(
    (Object.entries(blocks) as [BlockRole, BlockPrior][]).map(([role, { mean, covariance, priorMs }]) => [
      role,
      { mean, covariance, priorMs, tested: testedOf(covariance, firstCovariance(role, priorMs)) },
    ]),
  ),
});

interface OfRole {
  readonly role: BlockRole;
  readonly block: CostBlockState;
}

/** A block of other weights than its role has is no block of Weir's. */
function speaksOfCell({ role, block: { observations, residuals, weights } }: OfRole): boolean {
  const linear = weights.mean.length - residuals.length;
  return observations >= leastObservations && linear === firstGuessOf(role).means.length;
}

/** How much each weight of a witness counts in a mixture. */
export const sharesOf = ({ tested }: Pick<RoleWitness, 'tested'>): number[] =>
  tested.map((each) => each + untestedShare);

/** `began`: covariance that the blocks began with; undefined: that of the first guess. */
function togetherOf(
  role: BlockRole,
  blocks: readonly OfRole[],
  began: readonly number[] | undefined,
): RoleWitness {
  const each = blocks.map(({ block }) => {
    const linear = linearPart(block, firstGuessOf(role).means.length);
    return { ...linear, tested: testedOf(linear.covariance, began ?? firstCovariance(role, block.priorMs)) };
  });
  return {
    ...mixtureOf(each, each.map(sharesOf)),
    // As one witness: twenty devices that have tested the same are no more than one.
    tested: each.map(({ tested }) => tested).reduce((a, b) => a.map((own, i) => Math.max(own, b[i]!))),
    priorMs: median(blocks.map(({ block }) => block.priorMs)),
  };
}

/** The weights before the residuals. */
function linearPart({ weights: { mean, covariance } }: CostBlockState, d: number): Component {
  return {
    mean: mean.slice(0, d),
    covariance: Array.from(
      { length: d * d },
      (_, at) => covariance[Math.floor(at / d) * mean.length + (at % d)]!,
    ),
  };
}

/** What a block begins with that nobody has told anything. */
export function firstCovariance(role: BlockRole, priorMs: number): number[] {
  const { means, deviations } = firstGuessOf(role);
  return [...new CostBlock(means, deviations, priorMs).weights.covariance];
}

/**
 * By how much each weight is surer than it began, beyond what the others alone can have told of it: 0 exactly where no
 * measurement had a part of it, near 1 where it is known by itself.
 */
function testedOf(covariance: readonly number[], began: readonly number[]): number[] {
  const d = Math.sqrt(began.length);
  return Array.from({ length: d }, (_, i) => {
    const others = new GaussianWeights(new Array<number>(d).fill(0), began);
    for (let j = 0; j < d; j++)
      if (j !== i && others.covariance[j * d + j]! > 0) others.update([j], [1], 0, 1e-9 * began[j * d + j]!);
    const atMost = others.covariance[i * d + i]!;
    return atMost > 0 ? Math.min(1, Math.max(0, 1 - covariance[i * d + i]! / atMost)) : 0;
  });
}
