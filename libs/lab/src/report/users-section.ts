import type { ExperimentResult } from '../measure/results.ts';
import { figure as plain, isFigure, msWithInterval, signedPercent, whole } from './format.ts';
import { figure, learnersLegend } from './figure.ts';
import type { Panel } from './plot.ts';
import { lines } from './line-panel.ts';
import type { Markup } from './markup.ts';
import { cellName, cellShort, floorName, headlineUnit, latestBy, learnerOf, oracleOf } from './select.ts';
import { table } from './table.ts';

const shown = ['planner', 'offload-only', 'oracle'];

/** Plot 2: planner's and offload-only's response by the number of users, at one floor for each experiment. */
export function usersFigure(units: readonly ExperimentResult[]): Markup | undefined {
  const cells = [...Map.groupBy(units, cellName).values()]
    .map((cell) => {
      const { floor } = headlineUnit(cell);
      return latestBy(
        cell.filter((unit) => unit.floor.label === floor.label),
        (unit) => unit.users,
      );
    })
    .filter((cell) => cell.length > 1);
  if (cells.length === 0) return undefined;
  const all = cells.flat();
  const most = Math.max(...all.map((unit) => unit.users));
  const top = Math.max(
    ...all.flatMap((unit) => shown.map((name) => responseOf(unit, name)?.high ?? 0)).filter(isFigure),
  );
  return figure({
    id: 'figure-users',
    legend: learnersLegend(
      'line',
      shown.filter((name) => all.some((unit) => responseOf(unit, name))),
    ),
    panels: cells.map((cell) => panel(cell, most, top)),
    caption:
      'Mean response time after the learning phase by the number of users, with 95 % intervals over epochs.',
    numbers: table('Response by number of users', all, [
      { head: 'Experiment', cell: cellShort },
      { head: 'Floor', cell: ({ floor }) => floor.label },
      { head: 'Users', cell: (unit) => unit.users, figures: true },
      ...shown.map((name) => ({
        head: `${name}, ms (95 %)`,
        cell: (unit: ExperimentResult) => written(responseOf(unit, name)),
        figures: true,
      })),
      {
        head: 'Planner against offload-only',
        cell: (unit) => signedPercent(learnerOf(unit, 'planner')?.overOffloadOnlyPct),
        figures: true,
      },
    ]),
  });
}

function panel(cell: readonly ExperimentResult[], most: number, top: number): Panel {
  const [first] = cell as [ExperimentResult];
  const title = `${cellName(first)}, ${floorName(first.floor)}`;
  return {
    title,
    description: `${title}. Mean response in ms over the number of users, for planner, offload-only and the measured oracle.`,
    plot: lines(
      shown.toReversed().map((learner) => ({
        learner,
        points: cell.flatMap((unit) => {
          const seen = responseOf(unit, learner);
          return seen === undefined || !isFigure(seen.mean)
            ? []
            : [{ x: unit.users, y: seen.mean, low: seen.low, high: seen.high }];
        }),
      })),
      {
        domain: [0.5, most + 0.5],
        ticks: cell.map((unit) => unit.users),
        label: 'users',
        tickFormat: whole,
      },
      { domain: [0, top], nice: 5, label: 'response time, ms', tickFormat: plain },
    ),
  };
}

const responseOf = (unit: ExperimentResult, name: string) =>
  name === 'oracle' ? oracleOf(unit) : learnerOf(unit, name)?.steadyMs;

const written = (seen: ReturnType<typeof responseOf>): string =>
  seen === undefined ? '–' : msWithInterval(seen);
