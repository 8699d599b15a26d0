import { NotFound, type Random } from '@weir/base';
import { createBandits, type BanditOptions } from './bandits/bandits.ts';
import { createFixed, createOffloadOnly } from './fixed/baselines.ts';
import { createDqn, dqnMaskedDefaults, type DqnOptions } from './joint-action/dqn.ts';
import { createHybrid, type HybridOptions } from './joint-action/hybrid.ts';
import type { Learner } from './learner.ts';
import { createPlanner } from './planner/planner.ts';
import type { PlannerOptions } from './planner/planner-options.ts';
import { createQLearning, type QLearningOptions } from './joint-action/q-learning.ts';
import { createStatic } from './fixed/static.ts';

/** Options of every learner; those that a learner does not know are left out by the compiler. */
export interface LearnerOptions {
  readonly planner: Partial<PlannerOptions>;
  readonly 'q-learning': Partial<QLearningOptions>;
  readonly 'q-learning-masked': Partial<QLearningOptions>;
  readonly dqn: Partial<DqnOptions>;
  readonly 'dqn-masked': Partial<DqnOptions>;
  readonly hybrid: Partial<HybridOptions>;
  readonly bandits: Partial<BanditOptions>;
  readonly 'offload-only': Partial<PlannerOptions>;
  readonly 'device-only': object;
  readonly 'edge-only': object;
  readonly 'cloud-only': object;
  readonly static: object;
}

export type LearnerName = keyof LearnerOptions;

const factories: { [Name in LearnerName]: (options: { random: Random } & LearnerOptions[Name]) => Learner } =
  {
    planner: createPlanner,
    'q-learning': createQLearning,
    'q-learning-masked': (options) =>
      createQLearning({ floorMask: true, ...options, name: 'q-learning-masked' }),
    dqn: createDqn,
    'dqn-masked': (options) => createDqn({ ...dqnMaskedDefaults, ...options, name: 'dqn-masked' }),
    hybrid: createHybrid,
    bandits: createBandits,
    'offload-only': createOffloadOnly,
    'device-only': () => createFixed('device'),
    'edge-only': () => createFixed('edge'),
    'cloud-only': () => createFixed('cloud'),
    static: createStatic,
  };

/** All names that `createLearner` knows, the default first. */
export const learnerNames = Object.keys(factories) as LearnerName[];

/**
 * A learner by name. `random` alone decides what it tries: the same seed, observations and outcomes give the same
 * plans, also over a snapshot. Throws NotFound for a name that is not in `learnerNames`.
 */
export function createLearner<Name extends LearnerName>(
  name: Name,
  options: { random: Random } & LearnerOptions[Name],
): Learner;
export function createLearner(name: string, options: { random: Random }): Learner;
export function createLearner(name: string, options: { random: Random }): Learner {
  if (!Object.hasOwn(factories, name))
    throw new NotFound(`no learner '${name}'; there are ${learnerNames.join(', ')}`, {
      reason: 'NO_SUCH_LEARNER',
    });
  return factories[name as LearnerName](options);
}
