import { z } from 'zod';

/** Largest time, weight or sum that a snapshot may hold; beyond, somebody made it up. */
const most = 1e9;
const name = z.string().max(1_000);
const finite = z.number().min(-most).max(most);
const positive = z.number().positive().max(most);
const share = z.number().min(0).max(most);
const counter = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
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

/** Rounding of what is symmetric and positive, relative to the variances. */
const rounding = 1e-6;

const weights = z
  .object({
    mean: z.array(finite).max(1_000),
    covariance: z.array(
      z
        .number()
        .min(-most * most)
        .max(most * most),
    ),
  })
  .refine(({ mean, covariance }) => covariance.length === mean.length ** 2, {
    error: 'expected a square matrix, a row for each mean',
    path: ['covariance'],
    abort: true,
  })
  .refine(({ mean, covariance }) => isCovariance(covariance, mean.length), {
    error: 'expected a covariance: symmetric, no variance below 0, no correlation beyond 1',
    path: ['covariance'],
  });

function isCovariance(covariance: readonly number[], d: number): boolean {
  for (let i = 0; i < d; i++) {
    const own = covariance[i * d + i]!;
    if (own < -rounding) return false;
    for (let j = 0; j < i; j++) {
      const [a, b, other] = [covariance[i * d + j]!, covariance[j * d + i]!, covariance[j * d + j]!];
      const slack = rounding * (1 + Math.max(own, other));
      if (Math.abs(a - b) > slack || Math.abs(a) > Math.sqrt(Math.max(0, own * other)) + slack) return false;
    }
  }
  return true;
}

const block = z
  .object({
    weights,
    residuals: z.array(name).max(1_000),
    change: z.object({
      up: share,
      down: share,
      last: finite.nullable(),
      window: z.array(z.tuple([finite, positive, name, z.number().positive().max(1)])).max(64),
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
  tiers: z.array(z.tuple([name, z.enum(['device', 'edge', 'cloud'])])).max(100_000),
  batches: medians,
});
const links = z.object({ blocks, noise, noiseShare, pools: medians });

export const beliefSchema = z.object({ local, nodes, links, alarms: counter });

/** Read-only all the way down. */
export type Immutable<T> = T extends object ? { readonly [K in keyof T]: Immutable<T[K]> } : T;

/** JSON forms of the beliefs. */
export type BeliefState = Immutable<z.infer<typeof beliefSchema>>;
export type LocalState = Immutable<z.infer<typeof local>>;
export type NodesState = Immutable<z.infer<typeof nodes>>;
export type LinksState = Immutable<z.infer<typeof links>>;
