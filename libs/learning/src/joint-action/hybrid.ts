import type { Random } from '@weir/base';
import { option, type OptionRules } from '../learner-options.ts';
import type { Learner } from '../learner.ts';
import {
  createDeepLearner,
  type DeepAgent,
  type DeepOptions,
  deepRules,
  type Transition,
} from './deep-learner.ts';
import { rewardDefaults } from './epoch.ts';
import { isFeasible, type JointAction } from './joint-space.ts';
import { type ResponseModel, responseModel } from './response-model.ts';
import { stepSize } from './schedules.ts';
import type { ValueNetwork } from './value-network.ts';

export interface HybridOptions extends DeepOptions {
  /** Training steps of the model per epoch. @default 2 — docs/learning.md, search */
  readonly modelSteps: number;
  /** Training steps of the values on imagined experience per epoch. @default 5 — Peng et al. 2018: K = 5 to 20 */
  readonly planningSteps: number;
  /** Epochs before imagining begins: an untrained model teaches nonsense. @default 50 — own choice, half the falling ε */
  readonly warmUp: number;
}

export const hybridDefaults: HybridOptions = {
  ...rewardDefaults,
  actionSpace: 'paper',
  floorMask: true,
  head: 'action-input',
  jointLimit: 1_000,
  hidden: [64],
  learningRate: 3e-3,
  learningRateHalving: 300,
  batchSize: 32,
  modelSteps: 2,
  planningSteps: 5,
  warmUp: 50,
  replayCapacity: 10_000,
  epsilonStart: 1,
  epsilonEnd: 0.02,
  epsilonEpochs: 100,
};

export const hybridRules: OptionRules<HybridOptions> = {
  ...deepRules,
  modelSteps: option.count(0, 1_000),
  planningSteps: option.count(0, 1_000),
  warmUp: option.notNegative,
};

/** `model`: the environment, learned: how long each device would wait. */
type HybridNetworks = { readonly values: ValueNetwork; readonly model: ResponseModel };
type Agent = DeepAgent<HybridNetworks>;

/**
 * Model-based and model-free together (Deep Dyna-Q): one network learns from every device's answer what a device waits
 * under a joint action; the value network learns from real experience and from what the first one says of joint actions
 * that were never tried. Imagined joint actions are half random, half neighbours of the best known one.
 * Sources: Sutton 1990 (Dyna); Peng et al. 2018 (Deep Dyna-Q); Shahhosseini et al. 2022, arXiv 2202.11098 (hybrid
 * learning for orchestration).
 */
export function createHybrid({ random, ...given }: { random: Random } & Partial<HybridOptions>): Learner {
  const options: HybridOptions = { ...hybridDefaults, ...given };
  const { hidden, floorMask, batchSize, modelSteps, planningSteps, warmUp } = options;

  const example = (
    { networks: { values } }: Agent,
    { features, jointAction, reward }: Pick<Transition, 'features' | 'jointAction' | 'reward'>,
  ) => ({
    input: values.input(features, jointAction),
    rows: values.rows(jointAction),
    target: reward,
  });
  /** A joint action to imagine: random, or the best known one with one device changed. */
  const imagined = ({ space, networks, found }: Agent, chance: Random): JointAction => {
    if (!found || chance.uniform() < 0.5) return networks.values.random(chance);
    const jointAction = [...found.jointAction];
    const device = chance.integer(jointAction.length);
    jointAction[device] = chance.integer(space.actions[device]!.length);
    return floorMask && !isFeasible(space, jointAction) ? found.jointAction : jointAction;
  };
  /** The reward is known where the floor is broken; the model is asked for the rest. */
  const imagine = ({ space, networks }: Agent, features: Float32Array, jointAction: JointAction) => {
    const feasible = isFeasible(space, jointAction);
    const meanMs = feasible ? networks.model.meanMs(features, jointAction) : options.penaltyMs;
    return { features, jointAction, reward: -meanMs / options.rewardScaleMs };
  };

  return createDeepLearner<HybridNetworks>(
    {
      name: 'hybrid',
      version: 3,
      networks: (space, values, initial) => ({
        model: responseModel(space, { hidden }, initial),
        values: values(initial),
      }),
      train(agent, random) {
        const chance = random.fork(`train ${agent.steps++}`);
        const learningRate = stepSize(options, agent.steps);
        const { model, values } = agent.networks;
        const sample = () => agent.replay.sample(chance, batchSize);
        for (let step = 0; step < modelSteps; step++) {
          const batch = sample().map(({ features, jointAction, responsesMs }) => {
            const device = chance.integer(jointAction.length);
            return model.example(features, jointAction, device, responsesMs[device]!);
          });
          model.net.train(batch, learningRate);
        }
        const real = sample().map((transition) => example(agent, transition));
        values.net.train(real, learningRate);
        if (agent.replay.size < warmUp) return;
        for (let step = 0; step < planningSteps; step++) {
          const dreams = sample().map(({ features }) => imagine(agent, features, imagined(agent, chance)));
          values.net.train(
            dreams.map((dream) => example(agent, dream)),
            learningRate,
          );
        }
      },
    },
    { random, ...options },
  );
}
