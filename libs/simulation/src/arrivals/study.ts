import { mean } from '@weir/base';
import type { Arrivals } from './arrivals.ts';
import {
  type AsyncCell,
  type AsyncRule,
  defaultAsyncCell,
  knowledgeOf,
  plannerOf,
  rulesOf,
  worldOf,
} from './cell.ts';
import { runAsync } from './run.ts';
import { capacityPerMs } from './world.ts';

/** Warm-up before frames count, ms; the first second is the cell's start. */
const WARMUP_MS = 11_000;

export interface AsyncStudyOptions {
  readonly cell?: AsyncCell;
  /** Numbers of devices. */
  readonly devices: readonly number[];
  readonly arrivals: readonly Arrivals[];
  /** Shares of what all-best would just sustain. */
  readonly loads: readonly number[];
  /** One run for each. */
  readonly seeds: readonly number[];
  /** @default all that differ in the cell */
  readonly rules?: readonly AsyncRule[];
  /** Frames of each device that are counted. @default 300 up to 5 devices, 150 up to 50, else 50 */
  readonly framesPerDevice?: number;
  /** Period of load reports, ms. @default 200 */
  readonly reportMs?: number;
}

/** One seed of one condition, under every rule; plain data. */
export interface AsyncStudyJob {
  readonly kind: 'study';
  readonly cell: AsyncCell;
  readonly devices: number;
  readonly arrivals: Arrivals;
  readonly load: number;
  readonly seed: number;
  readonly rules: readonly AsyncRule[];
  readonly framesPerDevice: number;
  readonly reportMs: number;
}

/** Result of one rule in one job. Times in ms. */
export interface AsyncStudyRun {
  readonly rule: AsyncRule;
  readonly frames: number;
  readonly meanMs: number;
  readonly p95Ms: number;
  /** Mean of what the frames were promised. */
  readonly accuracy: number;
  /** Share of right answers. */
  readonly right: number;
  /** Share of frames that were looked at twice. */
  readonly secondLooks: number;
  readonly floorViolations: number;
  readonly refused: number;
}

/** One rule in one condition, over all seeds. Times in ms. */
export interface AsyncStudyRow extends AsyncStudyRun {
  readonly devices: number;
  readonly arrivals: Arrivals;
  readonly load: number;
  readonly perSeedMeanMs: readonly number[];
  /** Answers after which the cell's cumulative accuracy was below the floor, all seeds. */
  readonly floorViolations: number;
  /** Mean response against that of each other rule that was run in this condition, %. */
  readonly overPct: Readonly<Partial<Record<AsyncRule, number>>>;
}

/** The dispatch rule under asynchronous arrivals: every rule in every condition, seed by seed. */
export function asyncStudyJobs(options: AsyncStudyOptions): AsyncStudyJob[] {
  const { cell = defaultAsyncCell, reportMs = 200 } = options;
  const { rules = rulesOf(cell) } = options;
  const jobs: AsyncStudyJob[] = [];
  for (const devices of options.devices)
    for (const arrivals of options.arrivals)
      for (const load of options.loads)
        for (const seed of options.seeds) {
          const framesPerDevice = options.framesPerDevice ?? (devices <= 5 ? 300 : devices <= 50 ? 150 : 50);
          jobs.push({ kind: 'study', cell, devices, arrivals, load, seed, rules, framesPerDevice, reportMs });
        }
  return jobs;
}

export function runAsyncStudyJob(job: AsyncStudyJob): AsyncStudyRun[] {
  const { cell, devices, arrivals, load, seed, framesPerDevice, reportMs } = job;
  return job.rules.map((rule) => {
    const world = worldOf(cell, devices, seed, rule);
    const gapMs = devices / (load * capacityPerMs(world));
    const run = runAsync({
      world,
      planner: plannerOf(rule, world, seed, cell),
      arrivals,
      load,
      durationMs: WARMUP_MS + framesPerDevice * gapMs,
      warmupMs: WARMUP_MS,
      seed,
      noise: cell.noise,
      reportMs,
      knows: knowledgeOf(rule),
      calibrated: rule !== 'uncalibrated',
    });
    const { frames, meanMs, p95Ms, accuracy, right, secondLooks, floorViolations, refused } = run;
    return { rule, frames, meanMs, p95Ms, accuracy, right, secondLooks, floorViolations, refused };
  });
}

/** Aggregates the seeds of each condition; `runs` in the order of the jobs. */
export function asyncStudyRows(
  jobs: readonly AsyncStudyJob[],
  runs: readonly (readonly AsyncStudyRun[])[],
): AsyncStudyRow[] {
  const conditions = Map.groupBy(jobs.keys(), (at) => {
    const { devices, arrivals, load } = jobs[at]!;
    return JSON.stringify([devices, arrivals, load]);
  });
  return [...conditions.values()].flatMap((members) => {
    const { devices, arrivals, load, rules } = jobs[members[0]!]!;
    const rows = rules.map((rule, index) => {
      const own = members.map((at) => runs[at]![index]!);
      const sum = (value: (run: AsyncStudyRun) => number) =>
        own.reduce((total, run) => total + value(run), 0);
      return {
        devices,
        arrivals,
        load,
        rule,
        frames: sum((run) => run.frames),
        meanMs: mean(own.map((run) => run.meanMs)),
        p95Ms: mean(own.map((run) => run.p95Ms)),
        perSeedMeanMs: own.map((run) => run.meanMs),
        accuracy: mean(own.map((run) => run.accuracy)),
        right: mean(own.map((run) => run.right)),
        secondLooks: mean(own.map((run) => run.secondLooks)),
        floorViolations: sum((run) => run.floorViolations),
        refused: sum((run) => run.refused),
      };
    });
    return rows.map((row) => ({
      ...row,
      overPct: Object.fromEntries(
        rows
          .filter(({ rule }) => rule !== row.rule)
          .map(({ rule, meanMs }) => [rule, 100 * (row.meanMs / meanMs - 1)]),
      ),
    }));
  });
}
