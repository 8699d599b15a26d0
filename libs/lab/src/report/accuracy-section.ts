import type { ExperimentResult, LearnerResult } from '../measure/results.ts';
import {
  figure as plain,
  listed,
  msWithInterval,
  oneDecimal,
  percent,
  percentWithInterval,
  whole,
} from './format.ts';
import { figure, pointLegend } from './figure.ts';
import { gutter, lyingAxis, uprightAxis, type Panel } from './frame.ts';
import { learnerLook } from './looks.ts';
import { markup, type Markup } from './markup.ts';
import { linearScale, logarithmicScale, type Scale } from './scale.ts';
import { atMostUsers, cellName, cellShort, floorName, learnerNames, learnersOf, users } from './select.ts';
import { point } from './shapes.ts';
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
    legend: pointLegend([
      ...names,
      ...(seen.some(({ learner }) => learner.learner === 'oracle') ? ['oracle'] : []),
    ]),
    panels: cells.map((cell) => panel(cell, seen)),
    caption:
      'Share of right answers by the pictures’ labels, with its 95 % interval, against the mean response time (logarithmic). Top left is best. The planner’s points are joined and named by their floors.',
    numbers: table('Accuracy and response', seen, [
      { head: 'Experiment', cell: ({ unit }) => cellShort(unit) },
      { head: 'Users', cell: ({ unit }) => unit.users, figures: true },
      { head: 'Floor', cell: ({ unit }) => unit.floor.label },
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
  const tops = all.map(({ learner }) => learner.accuracy.top1);
  const times = all.map(({ learner }) => learner.steadyMs.mean);
  const [width, height] = [470, 306];
  const yScale = linearScale({
    from: Math.floor(Math.min(...tops.map(({ low }) => low)) * 100),
    to: Math.max(...tops.map(({ high }) => high)) * 100,
    range: [height - 46, 10],
  });
  const y = { scale: yScale, label: 'right answers, %', format: oneDecimal };
  const area = { left: gutter(y), right: width - 14, top: 10, bottom: height - 46 };
  const x = {
    scale: logarithmicScale({
      from: Math.min(...times) * 0.78,
      to: Math.max(...times) * 1.1,
      range: [area.left, area.right],
    }),
    label: 'mean response time, ms (logarithmic)',
    format: (value: number) => (value < 1 ? plain(value) : whole(value)),
  };
  const at = ({ learner }: Seen): [number, number] => [
    x.scale.at(learner.steadyMs.mean),
    y.scale.at(learner.accuracy.top1.mean * 100),
  ];
  const seen = seenIn(cell);
  const planner = seen.filter(({ learner }) => learner.learner === 'planner').map(at);
  return {
    title,
    description: `${title}. Points: share of right answers over mean response time of ${listed(learnerNames(cell))} at the floors ${listed(cell.map(({ floor }) => floor.label))}.`,
    width,
    height,
    body: markup`${uprightAxis(area, y)}${lyingAxis(area, x, { grid: true })}<path d="M${planner.map(([px, py]) => `${px.toFixed(1)} ${py.toFixed(1)}`).join('L')}" class="c1 thread"/>${seen.map((one) => drawnPoint(one, at(one), y.scale))}`,
  };
}

function drawnPoint({ unit, learner }: Seen, [x, y]: [number, number], accuracies: Scale): Markup {
  const { top1 } = learner.accuracy;
  const { colour, shape, striped } = learnerLook(learner.learner);
  const title = `${learner.learner}, ${floorName(unit.floor)}: ${percentWithInterval(top1)}, ${msWithInterval(learner.steadyMs)}`;
  const hollow = striped || learner.learner === 'oracle';
  return markup`<g class="${colour}"><title>${title}</title><path d="M${x} ${accuracies.at(top1.low * 100)}V${accuracies.at(top1.high * 100)}" class="spread"/>${point(shape, x, y, 4, hollow)}${
    learner.learner === 'planner' &&
    markup`<text x="${x - 7}" y="${y - 4}" text-anchor="end" class="halo">${unit.floor.label}</text>`
  }</g>`;
}
