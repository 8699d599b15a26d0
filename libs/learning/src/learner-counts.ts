import { z } from 'zod';
import type { LearnerStatus } from './learner.ts';

/** A number of things that happened: whole, >= 0, exact in a double. */
export const countSchema = z.int().min(0);

export const countsSchema = z.strictObject({
  outcomes: countSchema,
  plans: countSchema,
  exploringPlans: countSchema,
});

/** What a learner without a cost model counts of itself. */
export type LearnerCounts = z.output<typeof countsSchema>;

/** Its status: exploration is told in plans, and no change is noticed. */
export const statusOf = (counts: LearnerCounts): LearnerStatus => ({
  ...counts,
  explorationShare: counts.plans > 0 ? counts.exploringPlans / counts.plans : 0,
  driftAlarms: 0,
});
