import { seededRandom, type Violations } from '@weir/base';
import { type BeliefPrior, type Learner, createLearner, learnerFactory, learnerNames } from '@weir/learning';
import { priorLearner } from '../fleet/fleet-prior.ts';

/** Makes learners by name. */
export interface Learners {
  readonly names: readonly string[];
  /**
   * Throws NotFound for a name that is none. `cellId` tells the chance of cells apart. `prior`: what other cells have learned,
   * for a learner that can begin with it.
   */
  create(name: string, cellId: string, prior?: BeliefPrior): Learner;
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
    create(name, cellId, prior) {
      const random = seededRandom(seed).fork(`${cellId}/${name}`);
      if (name === priorLearner) return createLearner(priorLearner, { random, prior });
      return name === configured.name ? configured.create({ random }) : createLearner(name, { random });
    },
  };
}

/** Checks the name of a learner that a request gives. */
export function checkLearner(learner: string, { names }: Learners, violations: Violations): void {
  violations.check(names.includes(learner), 'learner', `expected one of ${names.join(', ')}`);
}
