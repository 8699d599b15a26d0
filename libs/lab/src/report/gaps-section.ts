import type { ExperimentResult, LearnerResult } from '../measure/results.ts';
import {
  msWithInterval,
  oneDecimal,
  percent,
  signedPercent,
  signedPercentWithInterval,
  whole,
} from './format.ts';
import { markup, type Markup } from './markup.ts';
import { unitColumns, learnerOf, oracleOf } from './select.ts';
import { table } from './table.ts';

/** Per experiment, floor and users: the planner's distance from the measured oracle, and how well the table told. */
export function gapsTable(units: readonly ExperimentResult[]): Markup {
  const rows = units.map((unit) => ({ unit, planner: learnerOf(unit, 'planner') }));
  return table('The planner’s distance from the measured oracle', rows, [
    ...unitColumns,
    { head: 'as', cell: ({ unit }) => percent(unit.floor.value), figures: true },
    {
      head: 'Planner (95 %)',
      cell: ({ planner }) => (planner ? msWithInterval(planner.steadyMs) : '–'),
      figures: true,
    },
    { head: 'Oracle (95 %)', cell: ({ unit }) => msWithInterval(oracleOf(unit)), figures: true },
    { head: 'From oracle (95 %)', cell: ({ planner }) => gap(planner), figures: true },
    { head: 'Epochs below floor', cell: ({ planner }) => whole(planner?.floorViolations), figures: true },
    { head: 'Oracle by table, ms', cell: ({ unit }) => whole(unit.oracle.meanMs), figures: true },
    { head: 'Joint placements compared', cell: ({ unit }) => whole(unit.oracle.compared), figures: true },
    {
      head: 'Table’s absolute error',
      cell: ({ unit }) => `${oneDecimal(unit.prediction.meanAbsoluteErrorPct)}\u00a0%`,
      figures: true,
    },
    { head: 'Table’s bias', cell: ({ unit }) => signedPercent(unit.prediction.biasPct), figures: true },
    { head: 'Epochs predicted', cell: ({ unit }) => unit.prediction.epochs, figures: true },
  ]);
}

function gap(planner: LearnerResult | undefined): string | Markup {
  const written = signedPercentWithInterval(planner?.gapToOraclePct, planner?.gapToOracleIntervalPct);
  return planner && planner.gapToOraclePct > 5
    ? markup`<strong class="beyond">▲ ${written}</strong>`
    : written;
}
