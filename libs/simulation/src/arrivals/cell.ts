import { seededRandom } from '@weir/base';
import { learnerFactory } from '@weir/learning';
import type { Knowledge } from './agent.ts';
import { createKnownPlanner } from './known-costs.ts';
import type { AsyncPlanner } from './run.ts';
import { type World, type WorldOptions, createWorld } from './world.ts';
import { type ExperimentName, isWeak } from '../experiment.ts';
import type { SimulatedFamily } from '../family.ts';

/** The cell of a study, as plain data: it travels to worker threads. */
export interface AsyncCell {
  readonly profile: WorldOptions['profile'];
  readonly accuracyFloor: number;
  /** Which devices have a weak link. */
  readonly experiment: ExperimentName;
  /** Devices differ in speed and frame rate. */
  readonly unequal: boolean;
  /** σ of the lognormal noise of every service and network time. */
  readonly noise: number;
  /** @default the paper's, without curves */
  readonly family?: SimulatedFamily;
  /** Its name, or the path of its file. */
  readonly learner: string;
  readonly learnerOptions: Readonly<Record<string, unknown>>;
}

export const defaultAsyncCell: AsyncCell = {
  profile: 'contended',
  accuracyFloor: 0.89,
  experiment: 'A',
  unequal: false,
  noise: 0.07,
  learner: 'planner',
  learnerOptions: {},
};

/**
 * The rules compared. `static`: the synchronous optimum, obeyed. `everything` and `tiers`: the dispatch rule with known
 * costs and exact knowledge of all frames, or of the tiers' queues. `known`: known costs, reported loads. `learned`: a
 * learner after the registration calibration; `uncalibrated`: without it; `one-look`: as `learned`, where frames could be
 * looked at twice, with one look each.
 */
export const asyncRules = [
  'static',
  'everything',
  'tiers',
  'known',
  'learned',
  'uncalibrated',
  'one-look',
] as const;

export type AsyncRule = (typeof asyncRules)[number];

/** Those that differ in a cell: without curves, one look is all that a frame gets. */
export const rulesOf = ({ family }: AsyncCell): readonly AsyncRule[] =>
  family?.looks ? asyncRules : asyncRules.filter((rule) => rule !== 'one-look');

/** The same cell for every rule, but for the looks that it allows; another one, where devices differ, for every seed. */
export function worldOf(
  { profile, accuracyFloor, experiment, unequal, family }: AsyncCell,
  devices: number,
  seed: number,
  rule: AsyncRule,
) {
  const weak = Array.from({ length: devices }, (_, index) => index).filter((index) =>
    isWeak(experiment, index),
  );
  const maxLooks = rule === 'one-look' ? 1 : 2;
  return createWorld(
    { profile, devices, accuracyFloor, unequal, weak, family, maxLooks },
    seededRandom(seed),
  );
}

/** The planner of a rule in a world; a learner sees only what monitors report. */
export function plannerOf(rule: AsyncRule, world: World, seed: number, cell: AsyncCell): AsyncPlanner {
  if (!learns(rule)) return createKnownPlanner(world, { obey: rule === 'static' });
  const random = seededRandom(seed).fork('learner');
  return learnerFactory(cell.learner).create({ ...cell.learnerOptions, random });
}

const learns = (rule: AsyncRule) => rule === 'learned' || rule === 'uncalibrated' || rule === 'one-look';

export function knowledgeOf(rule: AsyncRule): Knowledge {
  return rule === 'everything' || rule === 'tiers' ? rule : 'reports';
}
