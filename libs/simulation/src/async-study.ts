import { type Random, mean, seededRandom } from '@weir/base';
import { type Learner, createLearner } from '@weir/policy';
import type { Arrivals } from './arrivals.ts';
import type { Knowledge } from './async-agent.ts';
import { createKnownPlanner } from './async-known.ts';
import { type AsyncPlanner, runAsync } from './async-run.ts';
import { type World, type WorldOptions, capacityPerMs, createWorld } from './async-world.ts';

/**
 * The rules compared. `static`: the synchronous optimum, obeyed. `everything` and `tiers`: the dispatch rule with known
 * costs and exact knowledge of all frames, or of the tiers' queues. `known`: known costs, reported loads. `learned`: a
 * learner after the registration calibration; `uncalibrated`: without it.
 */
export type AsyncRule = 'static' | 'everything' | 'tiers' | 'known' | 'learned' | 'uncalibrated';

export const asyncRules: readonly AsyncRule[] = [
  'static',
  'everything',
  'tiers',
  'known',
  'learned',
  'uncalibrated',
];

export interface AsyncStudyOptions {
  /** @default 'contended' */
  readonly profile?: WorldOptions['profile'];
  /** @default 0.89 */
  readonly accuracyFloor?: number;
  /** Devices of the cells. @default [5] */
  readonly devices?: readonly number[];
  /** @default all */
  readonly arrivals?: readonly Arrivals[];
  /** Shares of what all-best would just sustain. @default [0.3, 0.6, 0.9, 1.3] */
  readonly loads?: readonly number[];
  /** @default all but `uncalibrated` */
  readonly rules?: readonly AsyncRule[];
  /** One run for each. @default [1, 2, 3] */
  readonly seeds?: readonly number[];
  /** Frames of each device that are counted, after as many as fill 10 s. @default 300 up to 5 devices, 150 up to 50, else 50 */
  readonly framesPerDevice?: number;
  /** Load reports come so often. @default 200 */
  readonly reportMs?: number;
  /** Devices differ in speed and frame rate. @default false */
  readonly unequal?: boolean;
  /** @default the planner */
  readonly learner?: (random: Random) => Learner;
}

/** One rule in one condition, over all seeds. Times in ms. */
export interface AsyncStudyRow {
  readonly devices: number;
  readonly arrivals: Arrivals;
  readonly load: number;
  readonly rule: AsyncRule;
  readonly frames: number;
  readonly meanMs: number;
  readonly p95Ms: number;
  readonly perSeedMeanMs: readonly number[];
  readonly accuracy: number;
  /** Answers after which the cell's cumulative accuracy was below the floor, all seeds. */
  readonly floorViolations: number;
  readonly refused: number;
  /** Mean response against that of each other rule that was run in this condition, %. */
  readonly overPct: Readonly<Partial<Record<AsyncRule, number>>>;
}

export interface AsyncStudyResult {
  readonly profile: string;
  readonly accuracyFloor: number;
  readonly seeds: readonly number[];
  readonly reportMs: number;
  readonly rows: readonly AsyncStudyRow[];
}

/**
 * The dispatch rule under asynchronous arrivals, with learned costs: every rule in every condition.
 * `onProgress(done, total)` counts runs. `npx node libs/simulation/async.ts study` prints it; for a command line
 * (`weir learn --arrivals poisson,synchronised --loads 0.3,0.6`) pass the flags as they are and print `rows`.
 */
export function runAsyncStudy(
  options: AsyncStudyOptions = {},
  onProgress: (done: number, total: number) => void = () => undefined,
): AsyncStudyResult {
  const { profile = 'contended', accuracyFloor = 0.89, devices = [5], reportMs = 200 } = options;
  const { arrivals = ['poisson', 'periodic', 'synchronised'], loads = [0.3, 0.6, 0.9, 1.3] } = options;
  const { rules = asyncRules.filter((rule) => rule !== 'uncalibrated'), seeds = [1, 2, 3] } = options;
  const total = devices.length * arrivals.length * loads.length * rules.length * seeds.length;
  let done = 0;
  const rows: AsyncStudyRow[] = [];
  for (const count of devices)
    for (const kind of arrivals)
      for (const load of loads) {
        const group = rules.map((rule): Omit<AsyncStudyRow, 'overPct'> => {
          const runs = seeds.map((seed) => {
            // The same cell for every rule; another one, where devices differ, for every seed.
            const world = createWorld(
              { profile, devices: count, accuracyFloor, unequal: options.unequal ?? false },
              seededRandom(seed),
            );
            const gapMs = count / (load * capacityPerMs(world));
            const frames = options.framesPerDevice ?? (count <= 5 ? 300 : count <= 50 ? 150 : 50);
            const result = runAsync({
              world,
              planner: plannerOf(rule, world, seed, options.learner),
              arrivals: kind,
              load,
              durationMs: 11_000 + frames * gapMs,
              warmupMs: 11_000,
              seed,
              reportMs,
              knows: knowledgeOf(rule),
              calibrated: rule !== 'uncalibrated',
            });
            onProgress(++done, total);
            return result;
          });
          return {
            devices: count,
            arrivals: kind,
            load,
            rule,
            frames: runs.reduce((sum, run) => sum + run.frames, 0),
            meanMs: mean(runs.map((run) => run.meanMs)),
            p95Ms: mean(runs.map((run) => run.p95Ms)),
            perSeedMeanMs: runs.map((run) => run.meanMs),
            accuracy: mean(runs.map((run) => run.accuracy)),
            floorViolations: runs.reduce((sum, run) => sum + run.floorViolations, 0),
            refused: runs.reduce((sum, run) => sum + run.refused, 0),
          };
        });
        rows.push(...group.map((row) => ({ ...row, overPct: overPct(row, group) })));
      }
  return { profile, accuracyFloor, seeds, reportMs, rows };
}

/** The planner of a rule in a world; a learner is told nothing but what monitors see. */
export function plannerOf(
  rule: AsyncRule,
  world: World,
  seed: number,
  learner: (random: Random) => Learner = (random) => createLearner('planner', { random }),
): AsyncPlanner {
  if (rule === 'learned' || rule === 'uncalibrated') return learner(seededRandom(seed).fork('learner'));
  return createKnownPlanner(world, { obey: rule === 'static' });
}

export function knowledgeOf(rule: AsyncRule): Knowledge {
  return rule === 'everything' || rule === 'tiers' ? rule : 'reports';
}

type Group = readonly Omit<AsyncStudyRow, 'overPct'>[];

function overPct({ rule, meanMs }: Group[number], group: Group): AsyncStudyRow['overPct'] {
  const others = group.filter((row) => row.rule !== rule);
  return Object.fromEntries(others.map((other) => [other.rule, 100 * (meanMs / other.meanMs - 1)]));
}
