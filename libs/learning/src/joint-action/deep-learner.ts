import type { Random } from '@weir/base';
import { z } from 'zod';
import type { ActionSpace } from '../actions.ts';
import { countSchema, countsSchema, type LearnerCounts, statusOf } from '../learner-counts.ts';
import { option, type OptionRules } from '../learner-options.ts';
import type { Learner, Plan } from '../learner.ts';
import { obeyedPlan } from '../obeyed-plan.ts';
import { snapshotOf, stateOf, valid } from '../snapshot.ts';
import type { DenseNet } from './dense-net.ts';
import { EpochCollector, type RewardOptions, rewardRules } from './epoch.ts';
import {
  type JointAction,
  type JointSpace,
  jointSpace,
  placementsOf,
  requireSize,
  sharesAlike,
} from './joint-space.ts';
import { Replay, replayFault } from './replay.ts';
import { epsilonAt } from './schedules.ts';
import { jointActionFault, netSchema, savedSpace, spaceSchema } from './space-schema.ts';
import { type Head, listLimit, type ValueNetwork, valueNetwork } from './value-network.ts';

/** What both deep learners take; each has its own defaults. */
export interface DeepOptions extends RewardOptions {
  /** Actions of each device. @default 'paper' — Shahhosseini et al. 2022 */
  readonly actionSpace: ActionSpace;
  /**
   * Only joint actions above the floor are tried. @default false in `dqn`, as in the paper, which penalises instead; true
   * in `dqn-masked` and `hybrid`
   */
  readonly floorMask: boolean;
  /**
   * How the network tells the value of a joint action; 'auto': joint up to `jointLimit` joint actions, summed beyond.
   * @default 'auto' in `dqn`; 'action-input' in `dqn-masked` and `hybrid` — docs/learning.md, search
   */
  readonly head: Head | 'auto';
  /** Most joint actions for a joint head. @default 1_000, three devices in the paper's space: beyond, an output per joint action is tried too rarely */
  readonly jointLimit: number;
  /** Units of the hidden layers of every network. @default [64, 64] in `dqn`, [64] in `hybrid` — docs/learning.md, search */
  readonly hidden: readonly number[];
  /** Adam's step. @default 1e-3 in `dqn` — Kingma & Ba 2015; 3e-3 in `hybrid` — docs/learning.md, search */
  readonly learningRate: number;
  /**
   * Epochs after which the step is halved, as 1 / (1 + epochs / halving), so that noise stops moving the greedy joint
   * action; 0: the step stays. @default 0 in `dqn`, 300 in the others — docs/learning.md, search
   */
  readonly learningRateHalving: number;
  /** Experiences per training step. @default 32 — Mnih et al. 2015 */
  readonly batchSize: number;
  /** Experiences kept. @default 10_000 — a hundredth of Mnih et al. 2015: an epoch is a whole experience here */
  readonly replayCapacity: number;
  /** Probability of a random joint action at the start. @default 1 — Mnih et al. 2015 */
  readonly epsilonStart: number;
  /** … and at the end. @default 0.05 in `dqn`; 0.02 in the others — docs/learning.md, search */
  readonly epsilonEnd: number;
  /** Epochs over which it falls, linearly. @default 3_000 in `dqn`, 200 in `dqn-masked`, 100 in `hybrid` — docs/learning.md, search */
  readonly epsilonEpochs: number;
}

export const deepRules: OptionRules<DeepOptions> = {
  ...rewardRules,
  actionSpace: option.actionSpace,
  floorMask: z.boolean(),
  head: z.enum(['auto', 'joint', 'summed', 'action-input']),
  jointLimit: option.count(1, listLimit),
  hidden: z.array(option.count(1, 4_096)).min(1).max(8),
  learningRate: z.number().positive().max(1),
  learningRateHalving: option.notNegative,
  batchSize: option.count(1, 10_000),
  replayCapacity: option.count(1, 10_000_000),
  epsilonStart: option.share,
  epsilonEnd: option.share,
  epsilonEpochs: option.notNegative,
};

/** What one epoch taught; `next` is the state that followed. */
export interface Transition {
  readonly features: Float32Array;
  readonly jointAction: JointAction;
  readonly reward: number;
  /** Of each device, ms. */
  readonly responsesMs: readonly number[];
  next: Float32Array;
}

/** The networks of a learner by name; `values` is the one that plans. */
export interface Networks {
  readonly values: ValueNetwork;
  readonly [name: string]: { readonly net: DenseNet };
}

/** What was learned about one joint space. */
export interface DeepAgent<Nets extends Networks> {
  readonly space: JointSpace;
  readonly networks: Nets;
  readonly replay: Replay<Transition>;
  /** Training steps done, as the learner counts them. */
  steps: number;
  /** Best joint action found last, and for which state and training step. */
  found: { readonly key: string; readonly jointAction: JointAction } | undefined;
}

/** How one deep learner differs from another. */
export interface DeepDesign<Nets extends Networks> {
  readonly name: string;
  /** Of its snapshots. */
  readonly version: number;
  /** Networks of a joint space, initialised by `random`; `values` makes the value network. */
  networks(space: JointSpace, values: (random: Random) => ValueNetwork, random: Random): Nets;
  /** An experience was added to the replay: trains the networks, and counts the steps. */
  train(agent: DeepAgent<Nets>, random: Random): void;
}

/**
 * The core of a learner with a value network over joint actions: ε-greedy plans, one experience an epoch, replay, and
 * snapshots. The shapes of the networks are those of the cell's joint space; when devices or nodes come or go it starts
 * afresh. Source: Mnih et al. 2015.
 */
export function createDeepLearner<Nets extends Networks>(
  { name, version, ...design }: DeepDesign<Nets>,
  { random, ...options }: { random: Random } & DeepOptions,
): Learner {
  const { actionSpace, floorMask, hidden, replayCapacity } = options;
  const epoch = new EpochCollector(options);
  let space: JointSpace | undefined;
  let agent: DeepAgent<Nets> | undefined;
  let last: Transition | undefined;
  /** The last plan, and the joint actions that exploring draws from, where they are listed. */
  let proposed:
    | {
        readonly space: JointSpace;
        readonly jointAction: JointAction;
        readonly epsilon: number;
        readonly explored: boolean;
        readonly open: Uint32Array | undefined;
      }
    | undefined;
  let counts: LearnerCounts = { outcomes: 0, plans: 0, exploringPlans: 0 };

  const makeAgent = (of: JointSpace): DeepAgent<Nets> => {
    const small = of.size <= options.jointLimit;
    const head = options.head === 'auto' ? (small ? 'joint' : 'summed') : options.head;
    if (head === 'joint') requireSize(of, listLimit, `${name} with a joint head`);
    const values = (chance: Random) => valueNetwork(of, { head, floorMask, hidden }, chance);
    const networks = design.networks(of, values, random.fork(`network ${of.key}`));
    return { space: of, networks, replay: new Replay(replayCapacity), steps: 0, found: undefined };
  };
  const current = (): { agent: DeepAgent<Nets>; space: JointSpace } => {
    if (!space) throw new Error('observe() comes before propose()');
    if (agent?.space.key !== space.key) {
      agent = makeAgent(space);
      last = undefined;
    }
    return { agent, space };
  };
  const greedy = (): JointAction => {
    const { agent, space } = current();
    const key = `${space.stateKey} ${agent.steps}`;
    if (agent.found?.key !== key) {
      // The same search for the same network and state, however often it is asked for.
      const chance = random.fork(`greedy ${agent.steps}`);
      const { values } = agent.networks;
      const jointAction = values.greedy(values.net, space.features, chance, agent.found?.jointAction);
      agent.found = { key, jointAction };
    }
    return agent.found.jointAction;
  };

  return {
    name,
    observe(observation) {
      space = jointSpace(observation, actionSpace);
      if (last && agent?.space.key === space.key) last.next = space.features;
    },
    propose(): Plan {
      const { agent, space } = current();
      const chance = random.fork(`plan ${counts.plans}`);
      const epsilon = epsilonAt(options, counts.plans);
      const explored = chance.uniform() < epsilon;
      const jointAction = explored ? agent.networks.values.random(chance) : greedy();
      counts.plans++;
      if (explored) counts.exploringPlans++;
      epoch.start(space, jointAction);
      const { open } = agent.networks.values;
      proposed = { space, jointAction, epsilon, explored, open };
      // What exploring happens on is, but for a coincidence, not what the network would have chosen.
      const uniform = open ? 1 / open.length : floorMask ? 0 : 1 / space.size;
      const propensity = epsilon * uniform + (explored ? 0 : 1 - epsilon);
      return obeyedPlan(placementsOf(space, jointAction), { explored, propensity });
    },
    propensities() {
      if (!proposed) return new Map();
      const { space, jointAction, epsilon, explored, open } = proposed;
      if (explored || (epsilon > 0 && floorMask && !open)) return new Map();
      const alike = epsilon > 0 ? sharesAlike(space, jointAction, open) : jointAction.map(() => 0);
      return new Map(space.deviceIds.map((id, device) => [id, 1 - epsilon + epsilon * alike[device]!]));
    },
    best() {
      const { space } = current();
      return placementsOf(space, greedy());
    },
    learn(outcomes) {
      counts.outcomes += outcomes.length;
      const experience = epoch.add(outcomes);
      if (!experience || !agent || experience.space.key !== agent.space.key) return;
      const { jointAction, reward, responsesMs } = experience;
      const { features } = experience.space;
      last = { features, jointAction, reward, responsesMs, next: features };
      agent.replay.add(last);
      design.train(agent, random);
    },
    status: () => statusOf(counts),
    snapshot: () => snapshotOf(name, version, { counts, agent: agent ? savedAgent(agent) : null }),
    restore(snapshot) {
      const state = stateOf(snapshot, { learner: name, version, schema: stateSchema(replayCapacity) });
      const saved = state.agent;
      let restored: DeepAgent<Nets> | undefined;
      if (saved) {
        restored = makeAgent(saved.space);
        restored.steps = saved.steps;
        restored.found = saved.found ?? undefined;
        restoreNetworks(restored.networks, saved.networks);
        const slots = saved.replay.slots.map(({ features, next, ...rest }): Transition => ({
          ...rest,
          features: Float32Array.from(features),
          next: Float32Array.from(next),
        }));
        restored.replay.restore({ slots, next: saved.replay.next });
      }
      counts = state.counts;
      agent = restored;
      // The state that follows the newest experience is seen only now.
      last = restored?.replay.newest();
    },
  };
}

function savedAgent<Nets extends Networks>({ space, networks, replay, steps, found }: DeepAgent<Nets>) {
  const { slots, next } = replay.state();
  const saved = slots.map((each) => ({ ...each, features: [...each.features], next: [...each.next] }));
  return {
    space: savedSpace(space),
    steps,
    networks: Object.fromEntries(Object.entries(networks).map(([key, { net }]) => [key, net.state()])),
    found: found ?? null,
    replay: { slots: saved, next },
  };
}

const jointAction = z.array(z.int().min(0));

const transition = z.strictObject({
  features: z.array(z.number()),
  jointAction,
  reward: z.number(),
  responsesMs: z.array(z.number().min(0)),
  next: z.array(z.number()),
});

const stateSchema = (replayCapacity: number) =>
  z.strictObject({
    counts: countsSchema,
    agent: z
      .strictObject({
        space: spaceSchema,
        steps: countSchema,
        networks: z.record(z.string(), z.unknown()),
        found: z.strictObject({ key: z.string(), jointAction }).nullable(),
        replay: z.strictObject({ slots: z.array(transition), next: countSchema }),
      })
      .check(({ value, issues }) => {
        const { space, found, replay } = value;
        const refuse = (path: (string | number)[], message: string | undefined) => {
          if (message !== undefined) issues.push({ code: 'custom', input: value, path, message });
        };
        const numbers = (count: number, list: readonly number[]) =>
          list.length === count ? undefined : `expected ${count} numbers`;
        if (found) refuse(['found', 'jointAction'], jointActionFault(space, found.jointAction));
        refuse(['replay'], replayFault(replay, replayCapacity));
        for (const [at, { features, jointAction, responsesMs, next }] of replay.slots.entries()) {
          const path = (field: string) => ['replay', 'slots', at, field];
          refuse(path('features'), numbers(space.features.length, features));
          refuse(path('next'), numbers(space.features.length, next));
          refuse(path('responsesMs'), numbers(space.deviceIds.length, responsesMs));
          refuse(path('jointAction'), jointActionFault(space, jointAction));
        }
      })
      .nullable(),
  });

/** All or none: the faults of every network are told together. */
function restoreNetworks(networks: Networks, saved: Readonly<Record<string, unknown>>): void {
  const shapes = Object.entries(networks).map(([key, { net }]) => [key, netSchema(net)] as const);
  const states = valid(saved, z.strictObject(Object.fromEntries(shapes)), 'snapshot.state.agent.networks');
  for (const [key, { net }] of Object.entries(networks)) net.restore(states[key]!);
}
