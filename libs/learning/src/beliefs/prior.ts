import type { Tier } from '@weir/domain';
import { z } from 'zod';
import { firstGuess } from './features.ts';
import { counter, positive, weights } from './state-fields.ts';

const tiers = ['device', 'edge', 'cloud'] as const satisfies readonly Tier[];
export const tierSchema = z.enum(tiers);

/** Any device's own processor, remote nodes by tier, links by tier and class. */
const blockRoles = [
  'local',
  ...tiers.map((tier) => `node/${tier}` as const),
  ...tiers.flatMap((tier) => [`link/${tier}/regular`, `link/${tier}/weak`] as const),
] as const;

/** What a block stands for: other cells know it by no other name. */
export type BlockRole = (typeof blockRoles)[number];

export const nodeRole = (tier: Tier) => `node/${tier}` as const;
export const linkRole = (tier: Tier, linkClass: 'regular' | 'weak') => `link/${tier}/${linkClass}` as const;

/** Weights that blocks of the role have before their residuals, as they are before anything was measured. */
export const firstGuessOf = (role: BlockRole) =>
  role === 'local' ? firstGuess.local : role.startsWith('node/') ? firstGuess.node : firstGuess.link;

const blockPrior = weights.and(z.object({ priorMs: positive }));

export const priorSchema = z.object({
  cells: counter.min(1),
  blocks: z
    .partialRecord(z.enum(blockRoles), blockPrior)
    .refine(
      (blocks) =>
        Object.entries(blocks).every(
          ([role, { mean }]) => mean.length === firstGuessOf(role as BlockRole).means.length,
        ),
      { error: 'expected as many weights as blocks of that role have' },
    ),
  noise: z.object({ local: positive, nodes: positive, links: positive }).partial(),
});

/** What is known of the weights of one kind of block. */
export type BlockPrior = Immutable<z.infer<typeof blockPrior>>;

/** Read-only all the way down. */
export type Immutable<T> = T extends object ? { readonly [K in keyof T]: Immutable<T[K]> } : T;

/**
 * What a new cell may expect before it has measured anything, by role: it names no cell, device or node. `cells`: how many it
 * comes from; `blocks`: mean and covariance of the weights of each role's blocks, ms; `noise`: relative, of the three groups.
 * JSON-serialisable.
 */
export type BeliefPrior = Immutable<z.infer<typeof priorSchema>>;
