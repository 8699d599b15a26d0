import type { Random } from '@weir/base';
import { option, type OptionRules } from '../learner-options.ts';
import type { Learner } from '../learner.ts';
import { createDeepLearner, type DeepAgent, type DeepOptions, deepRules } from './deep-learner.ts';
import { DenseNet } from './dense-net.ts';
import { rewardDefaults } from './epoch.ts';
import { stepSize } from './schedules.ts';
import type { ValueNetwork } from './value-network.ts';

export interface DqnOptions extends DeepOptions {
  /** Training steps per epoch. @default 1 — Mnih et al. 2015 train every fourth; 2 in `dqn-masked` — docs/learning.md, search */
  readonly stepsPerEpoch: number;
  /** Weight of the next state's value. @default 0 — no action changes the next state in an epoch */
  readonly discount: number;
  /** Training steps between copies into the target network. @default 200 — used when discount > 0; Mnih et al. 2015, scaled to the shorter runs */
  readonly targetEvery: number;
}

export const dqnDefaults: DqnOptions = {
  ...rewardDefaults,
  actionSpace: 'paper',
  floorMask: false,
  head: 'auto',
  jointLimit: 1_000,
  hidden: [64, 64],
  learningRate: 1e-3,
  learningRateHalving: 0,
  batchSize: 32,
  stepsPerEpoch: 1,
  replayCapacity: 10_000,
  discount: 0,
  targetEvery: 200,
  epsilonStart: 1,
  epsilonEnd: 0.05,
  epsilonEpochs: 3_000,
};

export const dqnRules: OptionRules<DqnOptions> = {
  ...deepRules,
  stepsPerEpoch: option.count(1, 1_000),
  discount: option.share,
  targetEvery: option.count(1, 1_000_000),
};

/** What the recorded search found best: the strong reference. */
export const dqnMaskedDefaults: DqnOptions = {
  ...dqnDefaults,
  floorMask: true,
  head: 'action-input',
  learningRateHalving: 300,
  stepsPerEpoch: 2,
  epsilonEnd: 0.02,
  epsilonEpochs: 200,
};

/** `target`: the values as they were some steps ago; from it comes the value of the state that follows. */
type DqnNetworks = { readonly values: ValueNetwork; readonly target: { readonly net: DenseNet } };

/**
 * Deep Q-network over joint actions with replay and target network: the paper's second learner.
 * Sources: Mnih et al. 2015; Shahhosseini et al. 2022 for state, action and reward.
 */
export function createDqn({
  random,
  name = 'dqn',
  ...given
}: { random: Random; name?: string } & Partial<DqnOptions>): Learner {
  const options: DqnOptions = { ...dqnDefaults, ...given };
  const { batchSize, discount, stepsPerEpoch, targetEvery } = options;

  const trainOnce = ({ networks, replay, steps }: DeepAgent<DqnNetworks>, chance: Random): void => {
    const { values, target } = networks;
    const examples = replay.sample(chance, batchSize).map(({ features, jointAction, reward, next }) => {
      let goal = reward;
      if (discount > 0) {
        const following = values.greedy(target.net, next, chance);
        goal += discount * values.value(target.net, next, following);
      }
      return { input: values.input(features, jointAction), rows: values.rows(jointAction), target: goal };
    });
    values.net.train(examples, stepSize(options, steps / stepsPerEpoch));
  };

  return createDeepLearner<DqnNetworks>(
    {
      name,
      version: 2,
      networks(_space, valuesFrom, initial) {
        const values = valuesFrom(initial);
        const target = { net: new DenseNet(values.net.shape, initial) };
        target.net.copyFrom(values.net);
        return { values, target };
      },
      train(agent, random) {
        for (let step = 0; step < stepsPerEpoch; step++) {
          trainOnce(agent, random.fork(`train ${agent.steps}`));
          const { values, target } = agent.networks;
          if (++agent.steps % targetEvery === 0) target.net.copyFrom(values.net);
        }
      },
    },
    { random, ...options },
  );
}
