import type { Random } from '@weir/base';
import type { ActionSpace } from '../actions.ts';
import { EpochCollector, placementsOf, rewardDefaults, type RewardOptions } from './epoch.ts';
import {
  decode,
  encode,
  feasibleActions,
  type JointSpace,
  jointSpace,
  randomAction,
  requireSize,
} from './joint-space.ts';
import type { Learner, Plan } from '../learner.ts';
import { isObject, mismatch, snapshotOf, stateOf } from '../snapshot.ts';

export interface QLearningOptions extends RewardOptions {
  /** Actions of each device; the table has one entry for each joint action. @default 'paper' — Shahhosseini et al. 2022 */
  readonly actionSpace: ActionSpace;
  /**
   * Only joint actions above the floor are tried. @default false in `q-learning`, as in Shahhosseini et al. 2022, which
   * penalises instead; true in `q-learning-masked`
   */
  readonly floorMask: boolean;
  /** Probability of a random joint action. @default 0 — the optimistic start explores; Sutton & Barto 2018, 2.6 */
  readonly epsilon: number;
  /** Step towards each new reward; 0: the average of all rewards seen. @default 0 — Sutton & Barto 2018, 2.4 */
  readonly learningRate: number;
  /**
   * Value of what was never tried. @default 0 — optimistic, since all rewards are below 0: every joint action is tried
   * once.
   */
  readonly initialValue: number;
  /** Weight of the next state's value. @default 0 — no action changes the next state in an epoch */
  readonly discount: number;
  /** Most entries of one state's table. @default 2_000_000 — memory: 24 MB a state */
  readonly tableLimit: number;
  /** Most states kept; the oldest is forgotten. @default 256 — memory: three times the 81 contexts of the background walk */
  readonly stateLimit: number;
}

export const qLearningDefaults: QLearningOptions = {
  ...rewardDefaults,
  actionSpace: 'paper',
  floorMask: false,
  epsilon: 0,
  learningRate: 0,
  initialValue: 0,
  discount: 0,
  tableLimit: 2_000_000,
  stateLimit: 256,
};

const version = 2;

/** Values and visits of the joint actions in one state: all of them, or those above the floor in the order of `open`. */
interface Table {
  readonly space: JointSpace;
  readonly open: Uint32Array | undefined;
  readonly values: Float64Array;
  readonly visits: Uint32Array;
}

/**
 * Tabular Q-learning over joint actions, one value for each state and joint action: the paper's first learner.
 * Source: Watkins & Dayan 1992; reward and state as in Shahhosseini et al. 2022.
 */
export function createQLearning({
  random,
  name = 'q-learning',
  ...given
}: { random: Random; name?: string } & Partial<QLearningOptions>): Learner {
  const options: QLearningOptions = { ...qLearningDefaults, ...given };
  const epoch = new EpochCollector(options);
  const tables = new Map<string, Table>();
  let space: JointSpace | undefined;
  let counts = { outcomes: 0, plans: 0, explorations: 0 };
  /** Where the previous experience ended, for the discounted value of the state that followed. */
  let previous: { key: string; at: number; reward: number } | undefined;

  const current = (): Table => {
    if (!space) throw new Error('observe() comes before propose()');
    const key = `${space.key} ${space.stateKey}`;
    const known = tables.get(key);
    if (known) return known;
    requireSize(space, options.tableLimit, name);
    const open = options.floorMask ? feasibleActions(space) : undefined;
    const size = open ? open.length : space.size;
    const values = new Float64Array(size).fill(options.initialValue);
    const table = { space, open, values, visits: new Uint32Array(size) };
    tables.set(key, table);
    if (tables.size > options.stateLimit) tables.delete(tables.keys().next().value!);
    return table;
  };

  /** Entry with the largest value, the first of equals after a random start. */
  const greedy = ({ values }: Table, start: number): number => {
    let best = start;
    for (let step = 1; step < values.length; step++) {
      const at = start + step < values.length ? start + step : start + step - values.length;
      if (values[at]! > values[best]!) best = at;
    }
    return best;
  };
  /** As `greedy`, of what was tried: an optimistic start is no knowledge. */
  const greedyTried = (table: Table): number => {
    let best = -1;
    for (let at = 0; at < table.values.length; at++)
      if (table.visits[at]! > 0 && (best < 0 || table.values[at]! > table.values[best]!)) best = at;
    return best < 0 ? 0 : best;
  };
  const picksAt = ({ space, open }: Table, at: number) => decode(space, open ? open[at]! : at);
  const entryOf = ({ space, open }: Table, picks: readonly number[]) => {
    const index = encode(space, picks);
    return open ? binarySearch(open, index) : index;
  };

  const update = ({ values, visits }: Table, at: number, target: number): void => {
    visits[at]!++;
    const step = options.learningRate > 0 ? options.learningRate : 1 / visits[at]!;
    values[at]! += step * (target - values[at]!);
  };

  return {
    name,
    observe: (observation) => void (space = jointSpace(observation, options.actionSpace)),
    propose(): Plan {
      const table = current();
      if (table.values.length === 0) throw new Error('no joint action meets the floor');
      const chance = random.fork(`plan ${counts.plans++}`);
      const explored = chance.uniform() < options.epsilon;
      const at = explored
        ? entryOf(table, randomAction(table.space, chance, options.floorMask))
        : greedy(table, chance.integer(table.values.length));
      if (explored || table.visits[at] === 0) counts.explorations++;
      const picks = picksAt(table, at);
      epoch.start(table.space, picks);
      const isNew = explored || table.visits[at] === 0;
      return joint(
        placementsOf(table.space, picks),
        isNew,
        explored ? options.epsilon / table.values.length : 1 - options.epsilon,
      );
    },
    best() {
      const table = current();
      return placementsOf(table.space, picksAt(table, greedyTried(table)));
    },
    learn(outcomes) {
      counts.outcomes += outcomes.length;
      const experience = epoch.add(outcomes);
      if (!experience) return;
      const key = `${experience.space.key} ${experience.space.stateKey}`;
      const table = tables.get(key);
      if (!table) return;
      const at = entryOf(table, experience.picks);
      if (options.discount === 0) return update(table, at, experience.reward);
      // The state after an epoch is the one that the next experience starts from.
      const before = previous && tables.get(previous.key);
      if (previous && before) {
        const next = table.values[greedy(table, 0)]!;
        update(before, previous.at, previous.reward + options.discount * next);
      }
      previous = { key, at, reward: experience.reward };
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
        previous: previous ? [previous] : [],
        tables: [...tables].map(([key, { space, open, values, visits }]) => ({
          key,
          space: { ...space, features: [...space.features] },
          masked: open !== undefined,
          // Only what was tried: [entry, value, visits].
          entries: [...visits].flatMap((count, at) => (count > 0 ? [[at, values[at]!, count]] : [])),
        })),
      }),
    restore(snapshot) {
      const state = stateOf<State>(snapshot, { learner: name, version, fault });
      counts = state.counts;
      previous = state.previous[0];
      tables.clear();
      for (const { key, space: saved, masked, entries } of state.tables) {
        const restored: JointSpace = { ...saved, features: Float32Array.from(saved.features) };
        const open = masked ? feasibleActions(restored) : undefined;
        const size = open ? open.length : restored.size;
        const table = {
          space: restored,
          open,
          values: new Float64Array(size).fill(options.initialValue),
          visits: new Uint32Array(size),
        };
        for (const [at, value, count] of entries) {
          table.values[at] = value;
          table.visits[at] = count;
        }
        tables.set(key, table);
      }
    },
  };
}

interface State {
  readonly counts: { outcomes: number; plans: number; explorations: number };
  readonly previous: readonly { readonly key: string; readonly at: number; readonly reward: number }[];
  readonly tables: readonly {
    readonly key: string;
    readonly space: Omit<JointSpace, 'features'> & { readonly features: readonly number[] };
    readonly masked: boolean;
    readonly entries: readonly (readonly [number, number, number])[];
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
  return mismatch(state, {
    counts: { outcomes: 0, plans: 0, explorations: 0 },
    previous: [{ key: '', at: 0, reward: 0 }],
    tables: [{ key: '', space, masked: true, entries: [[0, 0, 0]] }],
  });
}

/** The plan of a learner that has no cost model: to be obeyed. */
export const joint = (placements: Plan['placements'], explored: boolean, propensity: number): Plan => ({
  placements,
  thresholdMs: Infinity,
  explored,
  propensity,
  actions: new Map(),
  accuracyPriceMs: 0,
  predictedMs: new Map(),
});

function binarySearch(sorted: Uint32Array, value: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
