import type {
  ArrivalsResult,
  ArrivalsRule,
  Estimate,
  ExperimentResult,
  Interval,
  Results,
} from '../measure/results.ts';
import { isFigure } from './format.ts';
import { learnerOf, oracleOf, experimentsOf, unitsOf } from './select.ts';

/** The planner against offload-only, in one run. */
export interface PlannerHeadline {
  readonly unit: ExperimentResult;
  readonly plannerMs: Estimate;
  readonly offloadOnlyMs: Estimate;
  /** Negative is faster. */
  readonly overOffloadOnlyPct: number;
  /** Points of per cent; negative is less accurate. */
  readonly accuracyPoints: Estimate | null;
  readonly oracleMs: Estimate;
  readonly gapToOraclePct: number;
  readonly gapToOracleIntervalPct: Interval | null;
  /** Fixed placements of the same run that the planner was faster than, and those that it was not. */
  readonly fasterThan: readonly string[];
  readonly notFasterThan: readonly string[];
}

/** The default rule against the best static joint placement, under Poisson arrivals. */
export interface ArrivalsHeadline {
  readonly unit: ArrivalsResult;
  readonly byDefault: ArrivalsRule;
  readonly static: ArrivalsRule;
  /** Negative is faster. */
  readonly overStaticPct: number;
}

/** A with five users at the 89 floor; where that was not run, the nearest to it with both learners. */
export function plannerHeadline(results: Results): PlannerHeadline | undefined {
  const near = ({ experiment, users, floor }: ExperimentResult) =>
    users + (floor.label === '89' ? 20 : 0) + (experiment === 'A' ? 10 : 0);
  const [unit] = experimentsOf(results, 'measured')
    .filter((candidate) => learnerOf(candidate, 'planner') && learnerOf(candidate, 'offload-only'))
    .sort((a, b) => near(b) - near(a));
  if (unit === undefined) return undefined;
  const planner = learnerOf(unit, 'planner')!;
  const offloadOnlyMs = learnerOf(unit, 'offload-only')!.steadyMs;
  const fixed = unit.learners.filter(({ learner }) => /^(device|edge|cloud)-only$/.test(learner));
  const faster = (other: Estimate) => planner.steadyMs.mean < other.mean;
  return {
    unit,
    plannerMs: planner.steadyMs,
    offloadOnlyMs,
    overOffloadOnlyPct: planner.overOffloadOnlyPct ?? (planner.steadyMs.mean / offloadOnlyMs.mean - 1) * 100,
    accuracyPoints: planner.accuracyOverOffloadOnly,
    oracleMs: oracleOf(unit),
    gapToOraclePct: planner.gapToOraclePct,
    gapToOracleIntervalPct: planner.gapToOracleIntervalPct,
    fasterThan: fixed.filter(({ steadyMs }) => faster(steadyMs)).map(({ learner }) => learner),
    notFasterThan: fixed.filter(({ steadyMs }) => !faster(steadyMs)).map(({ learner }) => learner),
  };
}

/** Poisson arrivals at 60 % load with most users; where that was not run, the load nearest to it. */
export function arrivalsHeadline(results: Results): ArrivalsHeadline | undefined {
  const candidates = unitsOf(results, 'arrivals').flatMap((unit) => {
    const byDefault = unit.rules.find(({ rule }) => rule === 'default');
    const fixed = unit.rules.find(({ rule }) => rule === 'static');
    if (unit.pattern !== 'poisson' || byDefault === undefined || fixed === undefined) return [];
    const overStaticPct = byDefault.overStaticPct ?? (byDefault.meanMs.mean / fixed.meanMs.mean - 1) * 100;
    return [{ unit, byDefault, static: fixed, overStaticPct }];
  });
  const distance = ({ unit }: ArrivalsHeadline) =>
    Math.round(Math.abs(unit.load - 0.6) * 1000) * 100 - unit.users;
  return candidates.sort((a, b) => distance(a) - distance(b))[0];
}

/** Units with measured accuracies in which the planner was further than 5 % from the measured oracle. */
export function beyondFivePercent(results: Results): { readonly all: number; readonly beyond: number } {
  const gaps = experimentsOf(results, 'measured').flatMap((unit) => {
    const planner = learnerOf(unit, 'planner');
    return planner === undefined || !isFigure(planner.gapToOraclePct) ? [] : [planner.gapToOraclePct];
  });
  return { all: gaps.length, beyond: gaps.filter((gap) => gap > 5).length };
}
