import type { Random } from '@weir/base';
import type { ActionSpace } from '../actions.ts';
import { netFault } from './dense-net-shape.ts';
import type { DenseNetState } from './dense-net.ts';
import { EpochCollector, placementsOf, rewardDefaults, type RewardOptions } from './epoch.ts';
import { isFeasible, type JointSpace, jointSpace, requireSize } from './joint-space.ts';
import { type ResponseModel, responseModel } from './response-model.ts';
import { Replay } from './replay.ts';
import { stepSize } from './step-size.ts';
import { type Head, listLimit, type ValueNetwork, valueNetwork } from './value-network.ts';
import type { Learner, Plan } from '../learner.ts';
import { joint } from './q-learning.ts';
import { isObject, mismatch, snapshotOf, stateOf } from '../snapshot.ts';

export interface HybridOptions extends RewardOptions {
  /** Actions of each device. @default 'paper' — Shahhosseini et al. 2022 */
  readonly actionSpace: ActionSpace;
  /** Only joint actions above the floor are tried or imagined. @default true — docs/learning.md, search */
  readonly floorMask: boolean;
  /**
   * How the value network tells the value of a joint action; 'auto': joint up to `jointLimit` joint actions, summed
   * beyond. @default 'action-input' — docs/learning.md, search
   */
  readonly head: Head | 'auto';
  /** Most joint actions for a joint head. @default 1_000 — as in `dqn` */
  readonly jointLimit: number;
  /** Units of the hidden layers of both networks. @default [64] — docs/learning.md, search */
  readonly hidden: readonly number[];
  /** Adam's step, both networks. @default 3e-3 — docs/learning.md, search */
  readonly learningRate: number;
  /**
   * Epochs after which the step is halved, as 1 / (1 + epochs / halving), so that noise stops moving the greedy joint
   * action; 0: the step stays. @default 300 — docs/learning.md, search
   */
  readonly learningRateHalving: number;
  /** Experiences per training step. @default 32 — Mnih et al. 2015 */
  readonly batchSize: number;
  /** Training steps of the model per epoch. @default 2 — docs/learning.md, search */
  readonly modelSteps: number;
  /** Training steps of the values on imagined experience per epoch. @default 5 — Peng et al. 2018: K = 5 to 20 */
  readonly planningSteps: number;
  /** Epochs before imagining begins: an untrained model teaches nonsense. @default 50 — own choice, half the falling ε */
  readonly warmUp: number;
  /** Real experiences kept. @default 10_000 — as in `dqn` */
  readonly replayCapacity: number;
  /** Probability of a random joint action at the start. @default 1 — Mnih et al. 2015 */
  readonly epsilonStart: number;
  /** … and at the end. @default 0.02 — docs/learning.md, search */
  readonly epsilonEnd: number;
  /** Epochs over which it falls, linearly. @default 100 — docs/learning.md, search */
  readonly epsilonEpochs: number;
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

const version = 2;

interface Real {
  readonly features: Float32Array;
  readonly picks: readonly number[];
  readonly reward: number;
  readonly responsesMs: readonly number[];
}

interface HybridAgent {
  readonly space: JointSpace;
  /** The environment, learned: what each device would wait. */
  readonly model: ResponseModel;
  readonly values: ValueNetwork;
  readonly replay: Replay<Real>;
  steps: number;
}

/**
 * Model-based and model-free together (Deep Dyna-Q): one network learns from every device's answer what a device waits
 * under a joint action; the value network learns from real experience and from what the first one says of joint actions
 * that were never tried. Imagined joint actions are half random, half neighbours of the best known one.
 * Sources: Sutton 1990 (Dyna); Peng et al. 2018 (Deep Dyna-Q); Shahhosseini et al. 2022, arXiv 2202.11098 (hybrid
 * learning for orchestration).
 */
export function createHybrid({ random, ...given }: { random: Random } & Partial<HybridOptions>): Learner {
  const name = 'hybrid';
  const options: HybridOptions = { ...hybridDefaults, ...given };
  const epoch = new EpochCollector(options);
  let space: JointSpace | undefined;
  let agent: HybridAgent | undefined;
  /** Best joint action found last, and for which state and training step. */
  let found: { key: string; picks: readonly number[] } | undefined;
  let counts = { outcomes: 0, plans: 0, explorations: 0 };

  const makeAgent = (of: JointSpace): HybridAgent => {
    const head =
      options.head === 'auto' ? (of.size <= options.jointLimit ? 'joint' : 'summed') : options.head;
    if (head === 'joint') requireSize(of, listLimit, `${name} with a joint head`);
    const { hidden, floorMask } = options;
    const initial = random.fork(`network ${of.key}`);
    return {
      space: of,
      model: responseModel(of, { hidden }, initial),
      values: valueNetwork(of, { head, floorMask, hidden }, initial),
      replay: new Replay(options.replayCapacity),
      steps: 0,
    };
  };
  const current = (): { agent: HybridAgent; space: JointSpace } => {
    if (!space) throw new Error('observe() comes before propose()');
    if (agent?.space.key !== space.key) {
      agent = makeAgent(space);
      found = undefined;
    }
    return { agent, space };
  };
  const greedy = (): readonly number[] => {
    const { agent, space } = current();
    const key = `${space.stateKey} ${agent.steps}`;
    if (found?.key !== key) {
      // The same search for the same network and state, however often it is asked for.
      const chance = random.fork(`greedy ${agent.steps}`);
      found = { key, picks: agent.values.greedy(agent.values.net, space.features, chance, found?.picks) };
    }
    return found.picks;
  };
  const epsilon = (): number => {
    const { epsilonStart, epsilonEnd, epsilonEpochs } = options;
    const done = epsilonEpochs > 0 ? Math.min(1, counts.plans / epsilonEpochs) : 1;
    return epsilonStart + done * (epsilonEnd - epsilonStart);
  };

  const example = (
    values: ValueNetwork,
    { features, picks, reward }: Pick<Real, 'features' | 'picks' | 'reward'>,
  ) => ({ input: values.input(features, picks), rows: values.rows(picks), target: reward });
  /** A joint action to imagine: random, or the best known one with one device changed. */
  const imagined = ({ space, values }: HybridAgent, chance: Random): readonly number[] => {
    if (!found || chance.uniform() < 0.5) return values.random(chance);
    const picks = [...found.picks];
    const device = chance.integer(picks.length);
    picks[device] = chance.integer(space.actions[device]!.length);
    return options.floorMask && !isFeasible(space, picks) ? found.picks : picks;
  };
  /** The reward is known where the floor is broken; the model is asked for the rest. */
  const imagine = ({ space, model }: HybridAgent, features: Float32Array, picks: readonly number[]) => {
    const meanMs = isFeasible(space, picks) ? model.meanMs(features, picks) : options.penaltyMs;
    return { features, picks, reward: -meanMs / options.rewardScaleMs };
  };

  const train = (of: HybridAgent, chance: Random): void => {
    const { batchSize, modelSteps, planningSteps, warmUp } = options;
    const learningRate = stepSize(options, of.steps);
    const { model, values, replay } = of;
    for (let step = 0; step < modelSteps; step++)
      model.net.train(
        replay.sample(chance, batchSize).map(({ features, picks, responsesMs }) => {
          const device = chance.integer(picks.length);
          return model.example(features, picks, device, responsesMs[device]!);
        }),
        learningRate,
      );
    values.net.train(
      replay.sample(chance, batchSize).map((real) => example(values, real)),
      learningRate,
    );
    for (let step = 0; replay.size >= warmUp && step < planningSteps; step++) {
      const batch = replay
        .sample(chance, batchSize)
        .map(({ features }) => imagine(of, features, imagined(of, chance)));
      values.net.train(
        batch.map((dream) => example(values, dream)),
        learningRate,
      );
    }
  };

  return {
    name,
    observe: (observation) => void (space = jointSpace(observation, options.actionSpace)),
    propose(): Plan {
      const { agent, space } = current();
      const chance = random.fork(`plan ${counts.plans}`);
      const rate = epsilon();
      const explored = chance.uniform() < rate;
      const picks = explored ? agent.values.random(chance) : greedy();
      counts.plans++;
      if (explored) counts.explorations++;
      epoch.start(space, picks);
      return joint(placementsOf(space, picks), explored, explored ? rate / space.size : 1 - rate);
    },
    best() {
      const { space } = current();
      return placementsOf(space, greedy());
    },
    learn(outcomes) {
      counts.outcomes += outcomes.length;
      const experience = epoch.add(outcomes);
      if (!experience || !agent || experience.space.key !== agent.space.key) return;
      const { picks, reward, responsesMs } = experience;
      agent.replay.add({ features: experience.space.features, picks, reward, responsesMs });
      train(agent, random.fork(`train ${agent.steps++}`));
    },
    status: () => ({
      outcomes: counts.outcomes,
      plans: counts.plans,
      exploringPlans: counts.explorations,
      explorationShare: counts.plans > 0 ? counts.explorations / counts.plans : 0,
      driftAlarms: 0,
    }),
    snapshot: () =>
      snapshotOf(name, version, {
        counts,
        agents: agent
          ? [
              {
                space: { ...agent.space, features: [...agent.space.features] },
                steps: agent.steps,
                model: agent.model.net.state(),
                values: agent.values.net.state(),
                found: found ? [found] : [],
                replay: agent.replay
                  .items()
                  .map(({ features, ...real }) => ({ features: [...features], ...real })),
              },
            ]
          : [],
      }),
    restore(snapshot) {
      const state = stateOf<State>(snapshot, { learner: name, version, fault });
      const [saved] = state.agents;
      let restored: HybridAgent | undefined;
      if (saved) {
        restored = makeAgent({ ...saved.space, features: Float32Array.from(saved.space.features) });
        const wrong =
          netFault(saved.model, restored.model.net.state()) ??
          netFault(saved.values, restored.values.net.state());
        stateOf(snapshot, { learner: name, version, fault: () => wrong });
        restored.model.net.restore(saved.model);
        restored.values.net.restore(saved.values);
        restored.steps = saved.steps;
        for (const { features, ...real } of saved.replay)
          restored.replay.add({ features: Float32Array.from(features), ...real });
      }
      counts = state.counts;
      agent = restored;
      found = saved?.found[0];
    },
  };
}

interface State {
  readonly counts: { outcomes: number; plans: number; explorations: number };
  readonly agents: readonly {
    readonly space: Omit<JointSpace, 'features'> & { readonly features: readonly number[] };
    readonly steps: number;
    readonly model: DenseNetState;
    readonly values: DenseNetState;
    readonly found: readonly { readonly key: string; readonly picks: readonly number[] }[];
    readonly replay: readonly {
      readonly features: readonly number[];
      readonly picks: readonly number[];
      readonly reward: number;
      readonly responsesMs: readonly number[];
    }[];
  }[];
}

function fault(state: unknown): string | undefined {
  if (!isObject(state)) return 'must be an object';
  const placement = { tier: '', nodeId: '', variant: '' };
  const space = {
    key: '',
    deviceIds: [''],
    actions: [[placement]],
    surplus: [[0]],
    size: 0,
    features: [0],
    stateKey: '',
  };
  const net = { layers: [[0]], first: [[0]], second: [[0]], steps: 0 };
  return mismatch(state, {
    counts: { outcomes: 0, plans: 0, explorations: 0 },
    agents: [
      {
        space,
        steps: 0,
        model: net,
        values: net,
        found: [{ key: '', picks: [0] }],
        replay: [{ features: [0], picks: [0], reward: 0, responsesMs: [0] }],
      },
    ],
  });
}
