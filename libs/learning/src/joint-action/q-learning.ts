import { FailedPrecondition, type Random } from '@weir/base';
import { z } from 'zod';
import type { ActionSpace } from '../actions.ts';
import { countSchema, countsSchema, type LearnerCounts, statusOf } from '../learner-counts.ts';
import { obeyedPlan } from '../obeyed-plan.ts';
import { EpochCollector, rewardDefaults, type RewardOptions, rewardRules } from './epoch.ts';
import { savedSpace, spaceSchema } from './space-schema.ts';
import {
  decode,
  encode,
  feasibleActions,
  type JointAction,
  type JointSpace,
  jointSpace,
  placementsOf,
  randomJointAction,
  requireSize,
  sharesAlike,
} from './joint-space.ts';
import { option, type OptionRules } from '../learner-options.ts';
import type { Learner, Plan } from '../learner.ts';
import { snapshotOf, stateOf, valid } from '../snapshot.ts';

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

export const qLearningRules: OptionRules<QLearningOptions> = {
  ...rewardRules,
  actionSpace: option.actionSpace,
  floorMask: z.boolean(),
  epsilon: option.share,
  learningRate: option.share,
  initialValue: z.number().min(-1e6).max(1e6),
  discount: option.share,
  tableLimit: option.count(1, 100_000_000),
  stateLimit: option.count(1, 1_000_000),
};

const version = 3;

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
  let counts: LearnerCounts = { outcomes: 0, plans: 0, exploringPlans: 0 };
  /** The last plan: its table and the entry it took. */
  let proposed: { table: Table; at: number } | undefined;
  /** Where the previous experience ended, for the discounted value of the state that followed. */
  let previous: { key: string; at: number; reward: number } | undefined;

  const emptyTable = (of: JointSpace, masked: boolean): Table => {
    const open = masked ? feasibleActions(of) : undefined;
    const size = open ? open.length : of.size;
    const values = new Float64Array(size).fill(options.initialValue);
    return { space: of, open, values, visits: new Uint32Array(size) };
  };
  const current = (): Table => {
    if (!space) throw new Error('observe() comes before propose()');
    const key = `${space.key} ${space.stateKey}`;
    const known = tables.get(key);
    if (known) return known;
    requireSize(space, options.tableLimit, name);
    const table = emptyTable(space, options.floorMask);
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
  /** Entries of the largest value, each with the share of the random starts that lead to it. */
  const greedyShares = ({ values }: Table): Map<number, number> => {
    let most = -Infinity;
    for (const value of values) if (value > most) most = value;
    const largest: number[] = [];
    for (let at = 0; at < values.length; at++) if (values[at] === most) largest.push(at);
    return new Map(
      largest.map((at, index) => {
        const before = index > 0 ? largest[index - 1]! : largest.at(-1)! - values.length;
        return [at, (at - before) / values.length];
      }),
    );
  };
  const jointActionAt = ({ space, open }: Table, at: number) => decode(space, open ? open[at]! : at);
  const entryOf = ({ space, open }: Table, jointAction: JointAction) => {
    const index = encode(space, jointAction);
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
      if (table.values.length === 0) throw new FailedPrecondition('no joint action meets the floor');
      const chance = random.fork(`plan ${counts.plans++}`);
      const explored = chance.uniform() < options.epsilon;
      const at = explored
        ? entryOf(table, randomJointAction(table.space, chance, options.floorMask))
        : greedy(table, chance.integer(table.values.length));
      const isNew = explored || table.visits[at] === 0;
      if (isNew) counts.exploringPlans++;
      const jointAction = jointActionAt(table, at);
      epoch.start(table.space, jointAction);
      proposed = { table, at };
      return obeyedPlan(placementsOf(table.space, jointAction), {
        explored: isNew,
        propensity:
          options.epsilon / table.values.length + (1 - options.epsilon) * (greedyShares(table).get(at) ?? 0),
      });
    },
    propensities() {
      if (!proposed) return new Map();
      const { table, at } = proposed;
      const { space, open } = table;
      const chosen = jointActionAt(table, at);
      const alike =
        options.epsilon > 0
          ? sharesAlike(space, chosen, open).map((share) => options.epsilon * share)
          : chosen.map(() => 0);
      for (const [entry, share] of greedyShares(table))
        jointActionAt(table, entry).forEach((action, device) => {
          if (action === chosen[device]) alike[device]! += (1 - options.epsilon) * share;
        });
      return new Map(space.deviceIds.map((id, device) => [id, Math.min(1, alike[device]!)]));
    },
    best() {
      const table = current();
      return placementsOf(table.space, jointActionAt(table, greedyTried(table)));
    },
    learn(outcomes) {
      counts.outcomes += outcomes.length;
      const experience = epoch.add(outcomes);
      if (!experience) return;
      const key = `${experience.space.key} ${experience.space.stateKey}`;
      const table = tables.get(key);
      if (!table) return;
      const at = entryOf(table, experience.jointAction);
      if (options.discount === 0) return update(table, at, experience.reward);
      // The state after an epoch is the one that the next experience starts from.
      const before = previous && tables.get(previous.key);
      if (previous && before) {
        const next = table.values[greedy(table, 0)]!;
        update(before, previous.at, previous.reward + options.discount * next);
      }
      previous = { key, at, reward: experience.reward };
    },
    status: () => statusOf(counts),
    snapshot: () =>
      snapshotOf(name, version, {
        counts,
        previous: previous ?? null,
        tables: [...tables].map(([key, { space, open, values, visits }]) => ({
          key,
          space: savedSpace(space),
          masked: open !== undefined,
          // Only what was tried: [entry, value, visits].
          entries: [...visits].flatMap((count, at) => (count > 0 ? [[at, values[at]!, count]] : [])),
        })),
      }),
    restore(snapshot) {
      const state = stateOf(snapshot, { learner: name, version, schema: stateSchema(options) });
      const restored = new Map<string, Table>();
      for (const [index, { key, space, masked, entries }] of state.tables.entries()) {
        const table = emptyTable(space, masked);
        const most = table.values.length - 1;
        const entry = z.tuple([countSchema.max(most), z.number(), z.number()]);
        valid(entries, z.array(entry), `snapshot.state.tables[${index}].entries`);
        for (const [at, value, count] of entries) {
          table.values[at] = value;
          table.visits[at] = count;
        }
        restored.set(key, table);
      }
      const before = state.previous && restored.get(state.previous.key);
      if (state.previous && before)
        valid(state.previous.at, countSchema.max(before.values.length - 1), 'snapshot.state.previous.at');
      counts = state.counts;
      previous = state.previous ?? undefined;
      tables.clear();
      for (const [key, table] of restored) tables.set(key, table);
    },
  };
}

const tableSchema = ({ tableLimit, stateLimit }: QLearningOptions) =>
  z
    .array(
      z
        .strictObject({
          key: z.string(),
          space: spaceSchema,
          masked: z.boolean(),
          entries: z.array(z.tuple([countSchema, z.number(), z.int().min(1)])),
        })
        .check(({ value: { space }, issues }) => {
          if (space.size > tableLimit)
            issues.push({
              code: 'custom',
              input: space.size,
              path: ['space', 'actions'],
              message: `expected at most ${tableLimit} joint actions, got ${space.size}`,
            });
        }),
    )
    .max(stateLimit);

const stateSchema = (options: QLearningOptions) =>
  z.strictObject({
    counts: countsSchema,
    previous: z.strictObject({ key: z.string(), at: countSchema, reward: z.number() }).nullable(),
    tables: tableSchema(options),
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
