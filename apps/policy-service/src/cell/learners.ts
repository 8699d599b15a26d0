import { seededRandom, type Violations } from '@weir/base';
import { type Learner, createLearner, learnerFactory, learnerNames } from '@weir/learning';

/** Makes learners by name. */
export interface Learners {
  readonly names: readonly string[];
  /** Throws NotFound for a name that is none. `cellId` tells the chance of cells apart. */
  create(name: string, cellId: string): Learner;
}

/**
 * The learners that come with Weir and the configured one, which may be a file: no request can make the service load
 * another. Throws NotFound or InvalidInput when the configured one cannot be made.
 */
export function learnersOf({ learner, seed }: { learner: string; seed: number }): Learners {
  const configured = learnerFactory(learner);
  // Once, so that what its factory throws ends the start instead of a cell.
  configured.create({ random: seededRandom(seed) });
  return {
    names: [...new Set([...learnerNames, configured.name])],
    create(name, cellId) {
      const random = seededRandom(seed).fork(`${cellId}/${name}`);
      return name === configured.name ? configured.create({ random }) : createLearner(name, { random });
    },
  };
}

/** Checks the name of a learner that a request gives. */
export function checkLearner(learner: string, { names }: Learners, violations: Violations): void {
  violations.check(names.includes(learner), 'learner', `expected one of ${names.join(', ')}`);
}
