import type { ExperimentResult } from '../measure/results.ts';
import { listed, oneDecimal, signedPercentWithInterval, watched, wholePercent } from './format.ts';
import type { ArrivalsHeadline, PlannerHeadline } from './headline.ts';
import type { Markup } from './markup.ts';
import { belowFloor } from './select.ts';
import { table } from './table.ts';

/** What was promised against what was seen. */
export interface Claim {
  readonly what: string;
  readonly goal: string;
  readonly measured: string;
  readonly held: string;
}

/** The goals of speed and accuracy were set for A with five users at floor 89 alone. */
export function plannerClaims(seen: PlannerHeadline): Claim[] {
  const asked = isAsked(seen.unit);
  const points = seen.accuracyPoints;
  const fixed = [...seen.fasterThan, ...seen.notFasterThan];
  return [
    asked && {
      what: 'Planner against offload-only, mean response',
      goal: 'at least 35\u00a0% faster',
      measured: difference(seen.overOffloadOnlyPct),
      held: held(seen.overOffloadOnlyPct <= -35),
    },
    asked &&
      points && {
        what: 'Measured accuracy lost against offload-only',
        goal: 'under 0.9 points',
        measured: `${oneDecimal(-points.mean)} (${oneDecimal(-points.high)} to ${oneDecimal(-points.low)})`,
        held: points.mean > -0.9 ? held(true) : points.high > -0.9 ? 'within sampling error' : held(false),
      },
    {
      what: 'Planner from the measured oracle in this run',
      goal: 'within 5\u00a0%',
      measured: signedPercentWithInterval(seen.gapToOraclePct, seen.gapToOracleIntervalPct),
      held: held(seen.gapToOraclePct <= 5),
    },
    asked &&
      fixed.length > 0 && {
        what: `Planner faster than ${listed(fixed)}`,
        goal: 'than each',
        measured: seen.notFasterThan.length === 0 ? 'than each' : `not than ${listed(seen.notFasterThan)}`,
        held: held(seen.notFasterThan.length === 0),
      },
  ].filter((claim) => claim !== null && claim !== false);
}

/** The goal of speed was set for 60 % load alone. */
export const arrivalsClaims = ({ unit, byDefault, overStaticPct }: ArrivalsHeadline): Claim[] =>
  [
    Math.abs(unit.load - 0.6) < 0.05 && {
      what: `Poisson arrivals at ${wholePercent(unit.load)} load against the best static joint placement`,
      goal: 'at least 25\u00a0% faster',
      measured: difference(overStaticPct),
      held: held(overStaticPct <= -25),
    },
    {
      what: 'Floor under these arrivals: expected accuracy so far, at every frame',
      goal: 'held',
      measured: `${watched(byDefault)} frames below; ${watched(byDefault.warmup)} in the warm-ups, ${watched(byDefault.learning)} while it learned`,
      held: held(belowFloor(byDefault) === 0),
    },
  ].filter((claim) => claim !== false);

/** The planner against the oracle, over all experiments with measured accuracies. */
export const gapsClaims = ({ all, beyond }: { readonly all: number; readonly beyond: number }): Claim[] =>
  all === 0
    ? []
    : [
        {
          what: 'Planner from the measured oracle, every experiment with measured accuracies',
          goal: 'within 5\u00a0%',
          measured: `${all - beyond} of ${all} within`,
          held: held(beyond === 0),
        },
      ];

export const claimsTable = (claims: readonly Claim[]): Markup =>
  table('Goals and what was measured', claims, [
    { head: 'What', cell: ({ what }) => what },
    { head: 'Goal', cell: ({ goal }) => goal },
    { head: 'Measured', cell: ({ measured }) => measured },
    { head: 'Held', cell: (claim) => claim.held },
  ]);

/** The run that the goals are about. */
export const isAsked = ({ experiment, users: count, floor }: ExperimentResult): boolean =>
  experiment === 'A' && count === 5 && floor.label === '89';

export const difference = (pct: number): string =>
  `${oneDecimal(Math.abs(pct))}\u00a0% ${pct <= 0 ? 'faster' : 'slower'}`;

const held = (is: boolean): string => (is ? '✓\u00a0yes' : '✗\u00a0no');
