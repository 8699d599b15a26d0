import type { Placement } from '@weir/domain';
import type { Plan } from './learner.ts';

/** The plan of a learner without a cost model: devices follow it as it is, whatever the queues say. */
export const obeyedPlan = (
  placements: ReadonlyMap<string, Placement>,
  { explored = false, propensity = 1 }: { explored?: boolean; propensity?: number } = {},
): Plan => ({
  placements,
  thresholdMs: Infinity,
  explored,
  propensity,
  actions: new Map(),
  accuracyPriceMs: 0,
  predictedMs: new Map(),
});
