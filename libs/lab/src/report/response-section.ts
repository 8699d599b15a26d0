import type { ExperimentResult } from '../measure/results.ts';
import {
  figure as plain,
  isFigure,
  listed,
  msWithInterval,
  oneDecimal,
  percent,
  percentWithInterval,
  signedPercent,
  signedPercentWithInterval,
  whole,
} from './format.ts';
import { barLegend, figure, strokeEntry } from './figure.ts';
import type { Panel } from './plot.ts';
import { groupedBars } from './grouped-bars.ts';
import { learnerLook } from './looks.ts';
import { markup, type Markup } from './markup.ts';
import {
  atMostUsers,
  cellName,
  unitColumns,
  floorName,
  learnerNames,
  learnersOf,
  oracleOf,
  users,
} from './select.ts';
import { table } from './table.ts';

/** Plot 1: response time by experiment and floor, per learner, with the oracle as a line. */
export function responseFigure(units: readonly ExperimentResult[], id: string): Markup {
  const cells = atMostUsers(units);
  const shown = cells.flat();
  const names = learnerNames(shown);
  const top = axisTop(shown);
  return figure({
    id,
    legend: [...barLegend(names), strokeEntry('oracle, measured')],
    panels: cells.map((cell) => panel(cell, top)),
    caption: markup`Mean response time after the learning phase, with 95 % intervals over epochs. The line across each group is the oracle: the best joint placement by the measured cost table, run beside the learners. Bars cut at the top carry their value.${names.some((name) => name.endsWith('-masked')) && ' Striped: the learner sees only joint placements that keep the floor.'}`,
    numbers: learnersTable(units),
  });
}

/** What stays near the oracle is told apart; what goes far beyond, edge-only say, would press it to the ground. */
function axisTop(units: readonly ExperimentResult[]): number {
  const means = units
    .flatMap((unit) => learnersOf(unit).map(({ steadyMs }) => steadyMs.high))
    .filter(isFigure);
  const limit = 2.2 * Math.max(...units.map((unit) => oracleOf(unit).mean));
  return Math.min(Math.max(1, ...means), limit > 0 ? limit : Infinity);
}

function panel(cell: readonly ExperimentResult[], top: number): Panel {
  const [first] = cell as [ExperimentResult];
  const title = `${cellName(first)}, ${users(first.users)}`;
  return groupedBars({
    title,
    description: `${title}. Bars: mean response in ms of ${listed(learnerNames(cell))}, in groups by floor (${listed(cell.map(({ floor }) => floor.label))}). Line: measured oracle.`,
    groups: cell.flatMap((unit) =>
      learnersOf(unit).map(({ learner, steadyMs }) => ({
        ...steadyMs,
        group: unit.floor.label,
        learner,
        look: learnerLook(learner),
        title: `${learner}, ${floorName(unit.floor)}: ${msWithInterval(steadyMs)}`,
      })),
    ),
    lines: cell.map((unit) => ({ group: unit.floor.label, value: oracleOf(unit).mean })),
    axis: 'response time, ms',
    groupsAxis: 'accuracy floor',
    top,
  });
}

/** Every learner of every unit, all numbers of users. */
function learnersTable(units: readonly ExperimentResult[]): Markup {
  const rows = units.flatMap((unit) =>
    [...learnersOf(unit), ...unit.learners.filter(({ learner }) => learner === 'oracle')].map((learner) => ({
      unit,
      learner,
    })),
  );
  return table('Every learner in every experiment', rows, [
    ...unitColumns,
    { head: 'Learner', cell: ({ learner }) => learner.learner },
    { head: 'Mean, ms (95 %)', cell: ({ learner }) => msWithInterval(learner.steadyMs), figures: true },
    { head: 'p50, ms', cell: ({ learner }) => plain(learner.responseMs.p50), figures: true },
    { head: 'p95, ms', cell: ({ learner }) => plain(learner.responseMs.p95), figures: true },
    { head: 'p99, ms', cell: ({ learner }) => plain(learner.responseMs.p99), figures: true },
    {
      head: 'From oracle (95 %)',
      cell: ({ learner }) =>
        signedPercentWithInterval(learner.gapToOraclePct, learner.gapToOracleIntervalPct),
      figures: true,
    },
    {
      head: 'Against offload-only',
      cell: ({ learner }) => signedPercent(learner.overOffloadOnlyPct),
      figures: true,
    },
    {
      head: 'Top-1 (95 %)',
      cell: ({ learner }) => percentWithInterval(learner.accuracy.top1),
      figures: true,
    },
    { head: 'Expected', cell: ({ learner }) => percent(learner.accuracy.expected), figures: true },
    {
      head: 'Top-1 over offload-only, points',
      cell: ({ learner }) => oneDecimal(learner.accuracyOverOffloadOnly?.mean),
      figures: true,
    },
    { head: 'Epochs to 5 %', cell: ({ learner }) => whole(learner.interactionsTo5pct), figures: true },
    { head: 'Epochs below floor', cell: ({ learner }) => learner.floorViolations, figures: true },
    { head: 'Epochs', cell: ({ learner }) => learner.epochs, figures: true },
    { head: 'Left out', cell: ({ learner }) => learner.discarded, figures: true },
  ]);
}
