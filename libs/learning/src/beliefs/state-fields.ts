import { z } from 'zod';
import { expected } from '../snapshot.ts';

/** Largest time, weight or sum that a snapshot may hold; beyond, somebody made it up. */
const most = 1e9;
export const name = z.string().max(1_000);
export const finite = z.number().min(-most).max(most);
export const positive = z.number().positive().max(most);
export const share = z.number().min(0).max(most);
export const counter = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Rounding of what is symmetric and positive, relative to the variances. */
const rounding = 1e-6;

/**
 * What `schema` takes, which tells what is wrong where `isGood` says no. For lists of which a large cell has very many: a schema
 * that looks at each number takes five times as long. The value itself, not a copy.
 */
const quickly = <T>(schema: z.ZodType<T>, isGood: (value: unknown) => value is T) =>
  z.unknown().transform((value, context): T => {
    if (isGood(value)) return value;
    const parsed = schema.safeParse(value, { error: expected });
    if (parsed.success) return parsed.data;
    for (const { path, message } of parsed.error.issues) context.addIssue({ code: 'custom', path, message });
    return z.NEVER;
  });

const isWithin = (value: unknown, limit: number): value is number =>
  typeof value === 'number' && Math.abs(value) <= limit;
const isListWithin =
  (limit: number, length = Infinity) =>
  (value: unknown): value is number[] =>
    Array.isArray(value) && value.length <= length && value.every((each) => isWithin(each, limit));

/** Mean and covariance of a block's weights. */
export const weights = z
  .object({
    mean: quickly(z.array(finite).max(1_000), isListWithin(most, 1_000)),
    covariance: quickly(
      z.array(
        z
          .number()
          .min(-most * most)
          .max(most * most),
      ),
      isListWithin(most * most),
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

const innovationFields = z.tuple([finite, positive, name, z.number().positive().max(1)]);
/** Of a change detector: z, deviation, reporter, evidence. */
export const innovation = quickly(innovationFields, (value): value is z.infer<typeof innovationFields> => {
  if (!Array.isArray(value) || value.length !== 4) return false;
  const [z, deviation, reporter, evidence] = value as unknown[];
  return (
    isWithin(z, most) &&
    isWithin(deviation, most) &&
    deviation > 0 &&
    typeof reporter === 'string' &&
    reporter.length <= 1_000 &&
    isWithin(evidence, 1) &&
    evidence > 0
  );
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
