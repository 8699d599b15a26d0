import { type FieldViolation, InvalidInput, nearest, NotFound, type Random } from '@weir/base';
import { z } from 'zod';
import { banditRules, createBandits, type BanditOptions } from './bandits/bandits.ts';
import { defaultBeliefOptions } from './beliefs/belief-options.ts';
import { createFixed, createOffloadOnly } from './fixed/baselines.ts';
import { createStatic } from './fixed/static.ts';
import { createHiLcb, type HiLcbOptions, hiLcbRules } from './hi-lcb/hi-lcb.ts';
import { createDqn, dqnMaskedDefaults, type DqnOptions, dqnRules } from './joint-action/dqn.ts';
import { createHybrid, type HybridOptions, hybridRules } from './joint-action/hybrid.ts';
import { createQLearning, type QLearningOptions, qLearningRules } from './joint-action/q-learning.ts';
import { isLearnerFile, loadLearnerFile } from './learner-file/learner-file.ts';
import { option, optionFaults, rulesLike } from './learner-options.ts';
import type { Learner } from './learner.ts';
import { createPlanner } from './planner/planner.ts';
import { plannerDefaults, type PlannerOptions } from './planner/planner-options.ts';

/** Options of every learner. */
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
  readonly 'hi-lcb': Partial<HiLcbOptions>;
  readonly static: object;
}

export type LearnerName = keyof LearnerOptions;

/** Options as they come from outside. */
export type GivenOptions = Readonly<Record<string, unknown>>;

/** A kind of learner: one that comes with Weir, or one of a file. */
export interface LearnerFactory {
  readonly name: string;
  readonly optionNames: readonly string[];
  /** Every fault of the options; `field` is the option's name. */
  optionFaults(options: GivenOptions): FieldViolation[];
  /** Throws InvalidInput for options that have faults. */
  create(options: { random: Random } & GivenOptions): Learner;
}

const numbersFrom0 = Object.fromEntries(
  Object.entries({ ...plannerDefaults, ...defaultBeliefOptions })
    .filter(([, value]) => typeof value === 'number')
    .map(([key]) => [key, option.notNegative]),
);
const plannerRules = {
  ...rulesLike({ ...plannerDefaults, ...defaultBeliefOptions }),
  ...numbersFrom0,
  actionSpace: option.actionSpace,
  serviceMs: option.positive,
  networkMs: option.positive,
  noise: option.positive,
  prior: z.custom<PlannerOptions['prior']>(),
};

type Kinds = {
  [Name in LearnerName]: [
    create: (options: { random: Random } & LearnerOptions[Name]) => Learner,
    rules: Readonly<Record<string, z.ZodType>>,
  ];
};
const kinds: Kinds = {
  planner: [createPlanner, plannerRules],
  'q-learning': [createQLearning, qLearningRules],
  'q-learning-masked': [
    (options) => createQLearning({ floorMask: true, ...options, name: 'q-learning-masked' }),
    qLearningRules,
  ],
  dqn: [createDqn, dqnRules],
  'dqn-masked': [(options) => createDqn({ ...dqnMaskedDefaults, ...options, name: 'dqn-masked' }), dqnRules],
  hybrid: [createHybrid, hybridRules],
  bandits: [createBandits, banditRules],
  'offload-only': [createOffloadOnly, plannerRules],
  'device-only': [() => createFixed('device'), {}],
  'edge-only': [() => createFixed('edge'), {}],
  'cloud-only': [() => createFixed('cloud'), {}],
  'hi-lcb': [createHiLcb, hiLcbRules],
  static: [() => createStatic(), {}],
};

/** The names of all learners that come with Weir, the default first. */
export const learnerNames = Object.keys(kinds) as LearnerName[];

/**
 * A learner that comes with Weir. `random` alone decides what it tries: the same seed, observations and outcomes give the
 * same plans, also over a snapshot. Throws NotFound for a name that is not in `learnerNames`, InvalidInput for options
 * that it does not know or that are out of range.
 */
export function createLearner<Name extends LearnerName>(
  name: Name,
  options: { random: Random } & LearnerOptions[Name],
): Learner;
export function createLearner(name: string, options: { random: Random }): Learner;
export function createLearner(name: string, options: { random: Random }): Learner {
  return builtIn(name).create(options);
}

/**
 * The kind of learner by its name, or of a file by its path, which is loaded. Only for names that the user of this machine
 * has given: a file is code. Throws NotFound; InvalidInput for a file that holds no learner.
 */
export const learnerFactory = (nameOrPath: string): LearnerFactory =>
  isLearnerFile(nameOrPath) ? factoryOf(loadLearnerFile(nameOrPath)) : builtIn(nameOrPath);

function builtIn(name: string): LearnerFactory {
  if (!Object.hasOwn(kinds, name)) {
    const meant = nearest(name, learnerNames);
    throw new NotFound(
      `no learner '${name}'; ${meant ? `did you mean ${meant}?` : `there are ${learnerNames.join(', ')}`}`,
      { reason: 'NO_SUCH_LEARNER' },
    );
  }
  const [create, rules] = kinds[name as LearnerName];
  return factoryOf({ name, create, rules });
}

/** A factory whose options are checked before it is called. */
function factoryOf({
  name,
  create,
  rules,
}: {
  name: string;
  create: (options: { random: Random }) => Learner;
  rules: Readonly<Record<string, z.ZodType>>;
}): LearnerFactory {
  return {
    name,
    optionNames: Object.keys(rules),
    optionFaults: (options) => optionFaults(options, rules),
    create({ random, ...options }) {
      const faults = optionFaults(options, rules);
      if (faults.length > 0)
        throw new InvalidInput(
          faults.map(({ field, description }) => ({ field: `${name}.${field}`, description })),
        );
      return create({ random, ...options });
    },
  };
}
