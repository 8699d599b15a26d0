import type { Random } from '@weir/base';
import type { ActionSpace } from '../actions.ts';
import { netFault } from './dense-net-shape.ts';
import { DenseNet, type DenseNetState } from './dense-net.ts';
import { EpochCollector, placementsOf, rewardDefaults, type RewardOptions } from './epoch.ts';
import { type JointSpace, jointSpace, requireSize } from './joint-space.ts';
import { Replay } from './replay.ts';
import { stepSize } from './step-size.ts';
import { type Head, listLimit, type ValueNetwork, valueNetwork } from './value-network.ts';
import type { Learner, Plan } from '../learner.ts';
import { joint } from './q-learning.ts';
import { isObject, mismatch, snapshotOf, stateOf } from '../snapshot.ts';

export interface DqnOptions extends RewardOptions {
  /** Actions of each device. @default 'paper' — Shahhosseini et al. 2022 */
  readonly actionSpace: ActionSpace;
  /**
   * Only joint actions above the floor are tried. @default false in `dqn`, as in the paper, which penalises instead; true
   * in `dqn-masked`
   */
  readonly floorMask: boolean;
  /**
   * How the network tells the value of a joint action; 'auto': joint up to `jointLimit` joint actions, summed beyond.
   * @default 'auto' in `dqn`; 'action-input' in `dqn-masked` — docs/learning.md, search
   */
  readonly head: Head | 'auto';
  /** Most joint actions for a joint head. @default 1_000, three devices in the paper's space: beyond, an output per joint action is tried too rarely */
  readonly jointLimit: number;
  /** Units of the hidden layers. @default [64, 64] — docs/learning.md, search */
  readonly hidden: readonly number[];
  /** Adam's step. @default 1e-3 — Kingma & Ba 2015; docs/learning.md, search */
  readonly learningRate: number;
  /**
   * Epochs after which the step is halved, as 1 / (1 + epochs / halving), so that noise stops moving the greedy joint
   * action; 0: the step stays. @default 0 in `dqn`, 300 in `dqn-masked` — docs/learning.md, search
   */
  readonly learningRateHalving: number;
  /** Experiences per training step. @default 32 — Mnih et al. 2015 */
  readonly batchSize: number;
  /** Training steps per epoch. @default 1 — Mnih et al. 2015 train every fourth; 2 in `dqn-masked` — docs/learning.md, search */
  readonly stepsPerEpoch: number;
  /** Experiences kept. @default 10_000 — a hundredth of Mnih et al. 2015: an epoch is a whole experience here */
  readonly replayCapacity: number;
  /** Weight of the next state's value. @default 0 — no action changes the next state in an epoch */
  readonly discount: number;
  /** Training steps between copies into the target network. @default 200 — used when discount > 0; Mnih et al. 2015, scaled to the shorter runs */
  readonly targetEvery: number;
  /** Probability of a random joint action at the start. @default 1 — Mnih et al. 2015 */
  readonly epsilonStart: number;
  /** … and at the end. @default 0.05 in `dqn`; 0.02 in `dqn-masked` — docs/learning.md, search */
  readonly epsilonEnd: number;
  /** Epochs over which it falls, linearly. @default 3_000 in `dqn`; 200 in `dqn-masked` — docs/learning.md, search */
  readonly epsilonEpochs: number;
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

const version = 1;

/** What one epoch taught; `next` is the state that followed. */
interface Transition {
  readonly features: Float32Array;
  readonly picks: readonly number[];
  readonly reward: number;
  next: Float32Array;
}

/** The networks of one joint space. */
export interface DeepAgent {
  readonly space: JointSpace;
  readonly values: ValueNetwork;
  readonly target: DenseNet;
  readonly replay: Replay<Transition>;
  steps: number;
}

/**
 * Deep Q-network over joint actions with replay and target network: the paper's second learner. The shape of a network
 * is that of the cell's joint space; when devices or nodes come or go it starts afresh.
 * Sources: Mnih et al. 2015; Shahhosseini et al. 2022 for state, action and reward.
 */
export function createDqn({
  random,
  name = 'dqn',
  ...given
}: { random: Random; name?: string } & Partial<DqnOptions>): Learner {
  const options: DqnOptions = { ...dqnDefaults, ...given };
  const epoch = new EpochCollector(options);
  let space: JointSpace | undefined;
  let agent: DeepAgent | undefined;
  let last: Transition | undefined;
  /** Best joint action found last, and for which state and training step. */
  let found: { key: string; picks: readonly number[] } | undefined;
  let counts = { outcomes: 0, plans: 0, explorations: 0 };

  const makeAgent = (of: JointSpace): DeepAgent => {
    const head =
      options.head === 'auto' ? (of.size <= options.jointLimit ? 'joint' : 'summed') : options.head;
    if (head === 'joint') requireSize(of, listLimit, `${name} with a joint head`);
    const initial = random.fork(`network ${of.key}`);
    const values = valueNetwork(of, { head, floorMask: options.floorMask, hidden: options.hidden }, initial);
    const target = new DenseNet(values.net.shape, initial);
    target.copyFrom(values.net);
    return { space: of, values, target, replay: new Replay(options.replayCapacity), steps: 0 };
  };
  const current = (): { agent: DeepAgent; space: JointSpace } => {
    if (!space) throw new Error('observe() comes before propose()');
    if (agent?.space.key !== space.key) {
      agent = makeAgent(space);
      last = found = undefined;
    }
    return { agent, space };
  };
  const epsilon = (): number => {
    const { epsilonStart, epsilonEnd, epsilonEpochs } = options;
    const done = epsilonEpochs > 0 ? Math.min(1, counts.plans / epsilonEpochs) : 1;
    return epsilonStart + done * (epsilonEnd - epsilonStart);
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

  const trainOnce = ({ values, target, replay, steps }: DeepAgent, chance: Random): void => {
    const examples = replay.sample(chance, options.batchSize).map(({ features, picks, reward, next }) => {
      let goal = reward;
      if (options.discount > 0) {
        const following = values.greedy(target, next, chance);
        goal += options.discount * values.value(target, next, following);
      }
      return { input: values.input(features, picks), rows: values.rows(picks), target: goal };
    });
    values.net.train(examples, stepSize(options, steps / options.stepsPerEpoch));
  };

  return {
    name,
    observe(observation) {
      space = jointSpace(observation, options.actionSpace);
      if (last && agent?.space.key === space.key) last.next = space.features;
    },
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
      const { features } = experience.space;
      last = { features, picks: experience.picks, reward: experience.reward, next: features };
      agent.replay.add(last);
      for (let step = 0; step < options.stepsPerEpoch; step++) {
        trainOnce(agent, random.fork(`train ${agent.steps}`));
        if (++agent.steps % options.targetEvery === 0) agent.target.copyFrom(agent.values.net);
      }
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
                net: agent.values.net.state(),
                target: agent.target.state(),
                found: found ? [found] : [],
                replay: agent.replay.items().map(({ features, picks, reward, next }) => ({
                  features: [...features],
                  picks,
                  reward,
                  next: [...next],
                })),
              },
            ]
          : [],
      }),
    restore(snapshot) {
      const state = stateOf<State>(snapshot, { learner: name, version, fault });
      const [saved] = state.agents;
      let restored: DeepAgent | undefined;
      if (saved) {
        restored = makeAgent({ ...saved.space, features: Float32Array.from(saved.space.features) });
        const wrong =
          netFault(saved.net, restored.values.net.state()) ?? netFault(saved.target, restored.target.state());
        stateOf(snapshot, { learner: name, version, fault: () => wrong });
        restored.values.net.restore(saved.net);
        restored.target.restore(saved.target);
        restored.steps = saved.steps;
        for (const { features, picks, reward, next } of saved.replay)
          restored.replay.add({
            features: Float32Array.from(features),
            picks,
            reward,
            next: Float32Array.from(next),
          });
      }
      counts = state.counts;
      agent = restored;
      // The state that follows the newest experience is seen only now.
      last = restored?.replay.newest();
      found = saved?.found[0];
    },
  };
}

interface State {
  readonly counts: { outcomes: number; plans: number; explorations: number };
  readonly agents: readonly {
    readonly space: Omit<JointSpace, 'features'> & { readonly features: readonly number[] };
    readonly steps: number;
    readonly net: DenseNetState;
    readonly target: DenseNetState;
    readonly found: readonly { readonly key: string; readonly picks: readonly number[] }[];
    readonly replay: readonly {
      readonly features: readonly number[];
      readonly picks: readonly number[];
      readonly reward: number;
      readonly next: readonly number[];
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
  const transition = { features: [0], picks: [0], reward: 0, next: [0] };
  return mismatch(state, {
    counts: { outcomes: 0, plans: 0, explorations: 0 },
    agents: [{ space, steps: 0, net, target: net, found: [{ key: '', picks: [0] }], replay: [transition] }],
  });
}
