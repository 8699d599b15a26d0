import { z } from 'zod';

/** Largest time, weight or sum that a snapshot may hold; beyond, somebody made it up. */
const most = 1e9;
export const name = z.string().max(1_000);
export const finite = z.number().min(-most).max(most);
export const positive = z.number().positive().max(most);
export const share = z.number().min(0).max(most);
export const counter = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Rounding of what is symmetric and positive, relative to the variances. */
const rounding = 1e-6;

/** Mean and covariance of a block's weights. */
export const weights = z
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
