import { InvalidInput, NotFound, seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { banditDefaults } from './bandits/bandits.ts';
import { createLearner, learnerFactory, type LearnerName, learnerNames } from './create-learner.ts';
import { dqnDefaults, dqnMaskedDefaults } from './joint-action/dqn.ts';
import { hiLcbDefaults } from './hi-lcb/hi-lcb.ts';
import { hybridDefaults } from './joint-action/hybrid.ts';
import { qLearningDefaults } from './joint-action/q-learning.ts';

const faultsOf = (name: LearnerName, options: Record<string, unknown>) =>
  learnerFactory(name)
    .optionFaults(options)
    .map(({ field, description }) => `${field}: ${description}`);

describe('the options of a learner', () => {
  it.each([
    ['dqn', dqnDefaults],
    ['dqn-masked', dqnMaskedDefaults],
    ['hybrid', hybridDefaults],
    ['q-learning', qLearningDefaults],
    ['bandits', banditDefaults],
    ['hi-lcb', hiLcbDefaults],
  ] as const)('of %s are known by the names of its defaults, which are in range', (name, defaults) => {
    expect(faultsOf(name, { ...defaults })).toEqual([]);
    expect(learnerFactory(name).optionNames.toSorted()).toEqual(Object.keys(defaults).toSorted());
  });

  it.each(learnerNames)('of %s are refused when it does not know them', (name) => {
    const create = () => createLearner(name, { random: seededRandom(1), colour: 'red' } as never);
    expect(create).toThrow(InvalidInput);
    expect(create).toThrow(`${name}.colour: unknown option`);
  });

  it('are refused with what was probably meant, the wrong type and the range, all at once', () => {
    const wrong = {
      lerningRate: 0.1,
      batchsize: 3,
      learningRate: -1,
      hidden: [],
      floorMask: 'yes',
      head: 'two',
    };
    expect(faultsOf('dqn', wrong)).toEqual([
      'lerningRate: unknown option; did you mean learningRate?',
      'batchsize: unknown option; did you mean batchSize?',
      'floorMask: expected true or false, got "yes"',
      'head: expected "auto" or "joint" or "summed" or "action-input", got "two"',
      'hidden: expected at least 1 entry, got a list of 0',
      'learningRate: expected more than 0, got -1',
    ]);
    expect(faultsOf('planner', { creditShare: -0.1, noise: 0 })).toHaveLength(2);
    expect(faultsOf('device-only', { x: 1 })).toEqual(['x: unknown option; there are none']);
  });

  it('may be left out one by one', () => {
    expect(faultsOf('dqn', { learningRate: undefined, hidden: [8, 8] })).toEqual([]);
  });
});

describe('an unknown learner', () => {
  it('is refused with the one that was probably meant, or with all', () => {
    const create = (name: string) => () => createLearner(name, { random: seededRandom(1) });
    expect(create('q-lerning')).toThrow(NotFound);
    expect(create('q-lerning')).toThrow('did you mean q-learning?');
    expect(create('oracle')).toThrow(/there are planner, /);
  });
});
