import { mean, percentile } from '@weir/base';
import type { LearningResult } from '@weir/simulation';

export interface Spread {
  /** null: more than half (or a tenth, for p90) of the seeds never got there. */
  readonly median: number | null;
  readonly p90: number | null;
  readonly perSeed: readonly (number | null)[];
}

/** One learner over all seeds; times in ms. */
export interface LearnerSummary {
  readonly learner: string;
  readonly optimumMs: number;
  readonly interactionsTo1pct: Spread;
  readonly interactionsTo2pct: Spread;
  readonly gapPct: number;
  readonly regretMs: number;
  readonly floorViolations: number;
  readonly responseMs: number;
  readonly accuracy: number;
  readonly explorationShare: number;
  readonly driftAlarms: number;
  readonly stepMs: number;
}

/** Medians over the seeds; floor violations are added up. */
export function summarize(results: readonly LearningResult[]): LearnerSummary {
  const median = (value: (result: LearningResult) => number) => percentile(results.map(value), 0.5);
  return {
    learner: results[0]!.learner,
    optimumMs: mean(results.map(({ optimumMs }) => optimumMs)),
    interactionsTo1pct: spread(results.map(({ interactionsTo1pct }) => interactionsTo1pct)),
    interactionsTo2pct: spread(results.map(({ interactionsTo2pct }) => interactionsTo2pct)),
    gapPct: median(({ gapPct }) => gapPct),
    regretMs: median(({ regretMs }) => regretMs),
    floorViolations: results.reduce((sum, { floorViolations }) => sum + floorViolations, 0),
    responseMs: median(({ responseMs }) => responseMs),
    accuracy: median(({ accuracy }) => accuracy),
    explorationShare: median(({ explorationShare }) => explorationShare),
    driftAlarms: results.reduce((sum, { driftAlarms }) => sum + driftAlarms, 0),
    stepMs: median(({ stepMs }) => stepMs),
  };
}

/** Seeds that never got there count as later than any number. */
export function spread(perSeed: readonly (number | null)[]): Spread {
  const values = perSeed.map((value) => value ?? Infinity);
  const at = (q: number) => {
    const value = percentile(values, q);
    return value === Infinity ? null : value;
  };
  return { median: at(0.5), p90: at(0.9), perSeed };
}
