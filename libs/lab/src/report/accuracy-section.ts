import type { ExperimentResult, LearnerResult } from '../measure/results.ts';
import {
  figure as plain,
  listed,
  msWithInterval,
  oneDecimal,
  percent,
  percentWithInterval,
} from './format.ts';
import { figure, learnersLegend } from './figure.ts';
import { type LinePoint, lines } from './line-panel.ts';
import type { Markup } from './markup.ts';
import type { Panel } from './plot.ts';
import { atMostUsers, cellName, unitColumns, floorName, learnerNames, learnersOf, users } from './select.ts';
import { table } from './table.ts';

interface Seen {
  readonly unit: ExperimentResult;
  readonly learner: LearnerResult;
}

/** Plot 3: measured accuracy against response time, every learner at every floor. */
export function accuracyFigure(units: readonly ExperimentResult[]): Markup | undefined {
  const cells = atMostUsers(units);
  const seen = seenIn(cells.flat());
  if (seen.length === 0) return undefined;
  const names = learnerNames(cells.flat());
  return figure({
    id: 'figure-accuracy',
    legend: learnersLegend('point', [
      ...names,
      ...(seen.some(({ learner }) => learner.learner === 'oracle') ? ['oracle'] : []),
    ]),
    panels: cells.map((cell) => panel(cell, seen)),
    caption:
      'Share of right answers by the pictures’ labels, with its 95 % interval, against the mean response time (logarithmic). Top left is best. The planner’s points are joined and named by their floors.',
    numbers: table('Accuracy and response', seen, [
      ...unitColumns,
      { head: 'Learner', cell: ({ learner }) => learner.learner },
      { head: 'Response (95 %)', cell: ({ learner }) => msWithInterval(learner.steadyMs), figures: true },
      {
        head: 'Top-1 (95 %)',
        cell: ({ learner }) => percentWithInterval(learner.accuracy.top1),
        figures: true,
      },
      { head: 'Pictures', cell: ({ learner }) => learner.accuracy.n, figures: true },
      { head: 'Expected', cell: ({ learner }) => percent(learner.accuracy.expected), figures: true },
    ]),
  });
}

const seenIn = (units: readonly ExperimentResult[]): Seen[] =>
  units.flatMap((unit) =>
    [...unit.learners.filter(({ learner }) => learner === 'oracle'), ...learnersOf(unit).toReversed()]
      .filter(({ steadyMs, accuracy }) => steadyMs.mean > 0 && Number.isFinite(accuracy.top1.mean))
      .map((learner) => ({ unit, learner })),
  );

function panel(cell: readonly ExperimentResult[], all: readonly Seen[]): Panel {
  const [first] = cell as [ExperimentResult];
  const title = `${cellName(first)}, ${users(first.users)}`;
  const times = all.map(({ learner }) => learner.steadyMs.mean);
  const tops = all.map(({ learner }) => learner.accuracy.top1);
  return {
    title,
    description: `${title}. Points: share of right answers over mean response time of ${listed(learnerNames(cell))} at the floors ${listed(cell.map(({ floor }) => floor.label))}.`,
    plot: lines(
      [...Map.groupBy(seenIn(cell), ({ learner }) => learner.learner)].map(([learner, seen]) => ({
        learner,
        joined: learner === 'planner',
        points: seen.map(pointOf),
      })),
      {
        type: 'log',
        domain: [Math.min(...times) * 0.78, Math.max(...times) * 1.1],
        grid: true,
        label: 'mean response time, ms (logarithmic)',
        tickFormat: plain,
      },
      {
        domain: [
          100 * Math.min(...tops.map(({ low }) => low)),
          100 * Math.max(...tops.map(({ high }) => high)),
        ],
        nice: 5,
        label: 'right answers, %',
        tickFormat: oneDecimal,
      },
    ),
  };
}

function pointOf({ unit: { floor }, learner: { learner, steadyMs, accuracy } }: Seen): LinePoint {
  const { mean, low, high } = accuracy.top1;
  return {
    x: steadyMs.mean,
    y: 100 * mean,
    low: 100 * low,
    high: 100 * high,
    title: `${learner}, ${floorName(floor)}: ${percentWithInterval(accuracy.top1)}, ${msWithInterval(steadyMs)}`,
    ...(learner === 'planner' && { text: floor.label }),
  };
}
