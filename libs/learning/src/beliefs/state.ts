import { z } from 'zod';
import { type Immutable, priorSchema, tierSchema } from './prior.ts';
import { counter, finite, innovation, name, positive, share, weights } from './state-fields.ts';

const medians = z.array(z.tuple([name, z.array(z.tuple([name, finite])).max(100_000)])).max(100_000);
const noise = z.object({
  shape: positive,
  scale: positive,
  seen: positive,
  above: share,
  below: share,
  tailScale: positive,
  products: finite,
  squares: positive,
});

const block = z
  .object({
    weights,
    residuals: z.array(name).max(1_000),
    change: z.object({
      up: share,
      down: share,
      last: finite.nullable(),
      window: z.array(innovation).max(64),
    }),
    reporters: z.array(name).max(32),
    observations: counter,
    settled: counter,
    priorMs: positive,
  })
  .refine(({ residuals }) => new Set(residuals).size === residuals.length, {
    error: 'expected each name once',
    path: ['residuals'],
  })
  .refine(({ weights: { mean }, residuals }) => residuals.length <= mean.length, {
    error: 'expected at most one name a weight',
    path: ['residuals'],
  });
const blocks = z.array(z.tuple([name, block])).max(100_000);
const noiseShare = z.array(name).max(32);

const local = z.object({ blocks, noise, noiseShare, scales: medians });
const nodes = z.object({
  blocks,
  noise,
  noiseShare,
  tiers: z.array(z.tuple([name, tierSchema])).max(100_000),
  batches: medians,
});
const links = z.object({ blocks, noise, noiseShare, pools: medians });

export const beliefSchema = z.object({ local, nodes, links, alarms: counter, prior: priorSchema.optional() });

/** JSON forms of the beliefs. */
export type BeliefState = Immutable<z.infer<typeof beliefSchema>>;
export type LocalState = Immutable<z.infer<typeof local>>;
export type NodesState = Immutable<z.infer<typeof nodes>>;
export type LinksState = Immutable<z.infer<typeof links>>;
