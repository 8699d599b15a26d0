import type { Placement } from '@weir/domain';
import type { Plan } from './learner.ts';

/** The plan of those who have no cost model: to be followed as it is. */
export const obeyedPlan = (placements: ReadonlyMap<string, Placement>): Plan => ({
  placements,
  thresholdMs: Infinity,
  explored: false,
  propensity: 1,
  actions: new Map(),
  accuracyPriceMs: 0,
  predictedMs: new Map(),
});
