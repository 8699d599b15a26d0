import type { Learner } from '@weir/learning';

/** Makes learners by name. */
export interface Learners {
  readonly names: readonly string[];
  /** Throws InvalidInput for a name that is none. `cellId` tells the chance of cells apart. */
  create(name: string, cellId: string): Learner;
}
