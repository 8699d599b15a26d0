import { seededRandom } from '@weir/base';
import { type ActionSpace, learnerFactory } from '@weir/learning';
import { EpochCell } from './epoch-cell.ts';
import type { EpochCellOptions } from './epoch-cell-options.ts';
import { optimum } from './oracle.ts';

export interface LearningOptions {
  /** Its name, or the path of its file. */
  readonly learner: string;
  /** Options of the learner, by name; the action space is set from `actionSpace`. */
  readonly learnerOptions?: Readonly<Record<string, unknown>>;
  readonly cell: EpochCellOptions;
  /** @default 'paper' */
  readonly actionSpace?: ActionSpace;
  readonly interactions: number;
  readonly seed: number;
  /** Points of the curves. @default 120 */
  readonly points?: number;
  /** How the points are spread. @default 'logarithmic' */
  readonly spacing?: 'logarithmic' | 'linear';
}

/** Result of one learner with one seed. */
export interface LearningResult {
  readonly learner: string;
  readonly seed: number;
  /** Mean response time of the best joint placement, averaged over the interactions, ms. */
  readonly optimumMs: number;
  /**
   * Interactions after which the greedy joint placement stays within 1 % (2 %) of the optimum and above the floor to
   * the end; null when it does not.
   */
  readonly interactionsTo1pct: number | null;
  readonly interactionsTo2pct: number | null;
  /** Excess of the greedy joint placement at the end, mean of the last tenth of the checks, per cent. */
  readonly gapPct: number;
  /** Sum over the interactions of mean response time − optimum, ms, without noise. */
  readonly regretMs: number;
  readonly floorViolations: number;
  /** Mean response time (without noise) and accuracy of what was run in the last tenth. */
  readonly responseMs: number;
  readonly accuracy: number;
  readonly explorationShare: number;
  readonly driftAlarms: number;
  readonly probes: number;
  readonly curve: readonly CurvePoint[];
  /** Mean time of observe, propose and learn, ms. */
  readonly stepMs: number;
}

/** One point of a learning curve; the percentages are means since the point before. */
export interface CurvePoint {
  readonly interaction: number;
  /** Excess of the greedy joint placement over the optimum. */
  readonly gapPct: number;
  /** Excess of what was run, exploration included. */
  readonly excessPct: number;
  /** Sum so far. */
  readonly regretMs: number;
}

/** Greedy placements are checked at each of the first interactions, later at every tenth. */
const checkedClosely = 200;
const checkEvery = 10;

/** Runs one learner over one seeded cell; `onProgress` gets the interactions done, about fifty times. */
export function runLearning(
  {
    learner: nameOrPath,
    learnerOptions,
    cell: cellOptions,
    actionSpace = 'paper',
    interactions,
    seed,
    points = 120,
    spacing = 'logarithmic',
  }: LearningOptions,
  onProgress?: (done: number) => void,
): LearningResult {
  const cell = new EpochCell(seededRandom(seed).fork('cell'), cellOptions);
  const random = seededRandom(seed).fork('learner');
  const factory = learnerFactory(nameOrPath);
  const space = factory.optionNames.includes('actionSpace') ? { actionSpace } : {};
  const learner = factory.create({ ...space, ...learnerOptions, random });
  const optima = new Map<string, number>();
  const { floor } = cell.options;
  const marks = curveMarks(interactions, points, spacing);
  const curve: CurvePoint[] = [];
  let last1 = 0;
  let last2 = 0;
  let regretMs = 0;
  let floorViolations = 0;
  let probes = 0;
  let optimumSum = 0;
  let stepTime = 0;
  const tail = { gap: 0, checks: 0, ms: 0, accuracy: 0, runs: 0 };
  const window = { gap: 0, checks: 0, excess: 0, runs: 0 };
  let gapPct = 0;

  for (let interaction = 1; interaction <= interactions; interaction++) {
    const key = cell.contextKey();
    let optimumMs = optima.get(key);
    if (optimumMs === undefined) {
      optimumMs = optimum(cell, { space: actionSpace })?.meanMs ?? NaN;
      optima.set(key, optimumMs);
    }
    const inTail = interaction > interactions * 0.9;
    const started = performance.now();
    learner.observe(cell.observation());
    let stepMs = performance.now() - started;
    if (interaction <= checkedClosely || interaction % checkEvery === 0) {
      const greedy = learner.best();
      const looks = learner.bestSecondLooks?.();
      const excess = cell.expectedMs(greedy, looks) / optimumMs - 1;
      const legal = cell.accuracy(greedy, looks) >= floor - 1e-9;
      if (excess > 0.01 || !legal) last1 = interaction;
      if (excess > 0.02 || !legal) last2 = interaction;
      // A placement below the floor is not faster: count its distance either way.
      const gap = legal ? excess : Math.abs(excess);
      window.gap += gap;
      window.checks++;
      if (inTail) {
        tail.gap += gap;
        tail.checks++;
      }
    }
    const resumed = performance.now();
    const plan = learner.propose();
    stepMs += performance.now() - resumed;
    const result = cell.run(plan.placements, plan.probes, plan.secondLooks);
    const learning = performance.now();
    learner.learn([...result.outcomes, ...result.probes]);
    stepTime += stepMs + performance.now() - learning;

    probes += result.probes.length;
    optimumSum += optimumMs;
    regretMs += result.expectedMs - optimumMs;
    if (result.accuracy < floor - 1e-9) {
      floorViolations++;
      // Speed bought below the floor must not lower the regret.
      regretMs += Math.max(0, optimumMs - result.expectedMs);
    }
    window.excess += Math.abs(result.expectedMs / optimumMs - 1);
    window.runs++;
    if (inTail) {
      tail.ms += result.expectedMs;
      tail.accuracy += result.accuracy;
      tail.runs++;
    }
    if (marks.has(interaction)) {
      if (window.checks > 0) gapPct = (100 * window.gap) / window.checks;
      curve.push({ interaction, gapPct, excessPct: (100 * window.excess) / window.runs, regretMs });
      window.gap = window.checks = window.excess = window.runs = 0;
    }
    if (onProgress && interaction % Math.ceil(interactions / 50) === 0) onProgress(interaction);
  }

  const status = learner.status();
  return {
    learner: learner.name,
    seed,
    optimumMs: optimumSum / interactions,
    interactionsTo1pct: last1 > interactions - checkEvery ? null : last1,
    interactionsTo2pct: last2 > interactions - checkEvery ? null : last2,
    gapPct: (100 * tail.gap) / tail.checks,
    regretMs,
    floorViolations,
    responseMs: tail.ms / tail.runs,
    accuracy: tail.accuracy / tail.runs,
    explorationShare: status.explorationShare,
    driftAlarms: status.driftAlarms,
    probes,
    curve,
    stepMs: stepTime / interactions,
  };
}

function curveMarks(interactions: number, points: number, spacing: 'logarithmic' | 'linear'): Set<number> {
  const marks = new Set<number>([interactions]);
  for (let at = 1; at <= points; at++) {
    const share = at / points;
    marks.add(Math.ceil(spacing === 'linear' ? interactions * share : interactions ** share));
  }
  return marks;
}
