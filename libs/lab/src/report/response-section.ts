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
import { figure, learnersLegend } from './figure.ts';
import type { Panel } from './plot.ts';
import { barRows } from './bar-rows.ts';
import { learnerLook } from './looks.ts';
import type { Markup } from './markup.ts';
import {
  atMostUsers,
  cellName,
  unitColumns,
  floorName,
  learnerNames,
  learnersOf,
  oracleOf,
  unableSentence,
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
    legend: [
      ...learnersLegend('bar', names),
      { name: 'oracle, measured', kind: 'reference', look: learnerLook('oracle') },
    ],
    panels: cells.map((cell) => panel(cell, top)),
    caption: `Mean response time after the learning phase, at the right in ms, with 95 % intervals over epochs. Upright ticks are the oracle: the best joint placement by the measured cost table, run beside the learners. ▸ goes on beyond the axis.${unableSentence(units)}`,
    numbers: learnersTable(units),
  });
}

/** What stays near the oracle is told apart; what goes far beyond, edge-only say, would press it to the ground. */
function axisTop(units: readonly ExperimentResult[]): number {
  const seen = units.flatMap((unit) => learnersOf(unit).map(({ steadyMs }) => steadyMs.high));
  const limit = 2.2 * Math.max(...units.map((unit) => oracleOf(unit).mean));
  return Math.max(1, ...seen.filter((high) => isFigure(high) && !(high > limit)));
}

function panel(cell: readonly ExperimentResult[], top: number): Panel {
  const [first] = cell as [ExperimentResult];
  const title = `${cellName(first)}, ${users(first.users)}`;
  return {
    title,
    description: `${title}. Bars: mean response in ms of ${listed(learnerNames(cell))}, in groups by floor (${listed(cell.map(({ floor }) => floor.label))}). Line: measured oracle.`,
    plot: barRows(
      cell.flatMap((unit) =>
        learnersOf(unit).map(({ learner, steadyMs }) => ({
          name: learner,
          group: unit.floor.label,
          parts: [
            {
              ...learnerLook(learner),
              value: steadyMs.mean,
              title: `${learner}, ${floorName(unit.floor)}: ${msWithInterval(steadyMs)}`,
            },
          ],
          low: steadyMs.low,
          high: steadyMs.high,
          mark: oracleOf(unit).mean,
          end: `${plain(steadyMs.mean)}${steadyMs.high > top ? ' ▸' : ''}`,
        })),
      ),
      { domain: [0, top], label: 'response time, ms', tickFormat: plain },
      'accuracy floor',
    ),
  };
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
