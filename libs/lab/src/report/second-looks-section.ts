import type { ArrivalsResult, Estimate, ExperimentResult, LooksResult } from '../measure/results.ts';
import { figure, learnersLegend } from './figure.ts';
import {
  isFigure,
  listed,
  msWithInterval,
  oneDecimal,
  percent,
  percentWithInterval,
  whole,
} from './format.ts';
import { lines } from './line-panel.ts';
import { byLearner } from './looks.ts';
import type { Markup } from './markup.ts';
import type { Panel } from './plot.ts';
import { table } from './table.ts';

type Unit = ExperimentResult | ArrivalsResult;

/** A learner or rule and what it did with second looks. */
interface Looking {
  readonly unit: Unit;
  readonly learner: string;
  readonly meanMs: Estimate;
  readonly accuracy: { readonly top1: Estimate; readonly expected: number };
  readonly looks: LooksResult;
}

/** Second looks: accuracy against the share of frames that their first look answered, in units where any was looked at twice. */
export function secondLooksFigure(units: readonly Unit[]): Markup | undefined {
  const cells = units
    .map(lookingIn)
    .filter((cell) => cell.some(({ looks }) => looks.share > 0))
    .map((cell) => cell.toSorted((a, b) => byLearner(a.learner, b.learner)));
  if (cells.length === 0) return undefined;
  const all = cells.flat();
  return figure({
    id: 'figure-second-looks',
    legend: learnersLegend('line', [...new Set(all.map(({ learner }) => learner))].sort(byLearner)),
    panels: cells.map(panel),
    caption:
      'Right answers by the pictures’ labels, against the share of frames that their first look answered. Lines begin where every first answer stands, at the right, and end as it was run, with the 95 % interval; between, only the least certain of the frames that were looked at twice count as such. Learners that look once are points at 100 %.',
    numbers: table('Second looks', all, [
      { head: 'Unit', cell: ({ unit }) => unit.title },
      { head: 'Floor', cell: ({ unit }) => unit.floor.label },
      { head: 'Learner', cell: ({ learner }) => learner },
      { head: 'Response (95 %)', cell: ({ meanMs }) => msWithInterval(meanMs), figures: true },
      { head: 'Looked at twice', cell: ({ looks }) => percent(looks.share), figures: true },
      { head: 'The second agreed', cell: ({ looks }) => percent(looks.agreed), figures: true },
      { head: 'First looks right', cell: ({ looks }) => percent(looks.firstRight), figures: true },
      {
        head: 'Answers right (95 %)',
        cell: ({ accuracy }) => percentWithInterval(accuracy.top1),
        figures: true,
      },
      { head: 'Promised', cell: ({ accuracy }) => percent(accuracy.expected), figures: true },
    ]),
  });
}

/** Those of which it is known. */
const lookingIn = (unit: Unit): Looking[] =>
  unit.kind === 'epochs'
    ? unit.learners.flatMap(({ learner, steadyMs: meanMs, accuracy, looks }) =>
        looks && learner !== 'oracle' ? [{ unit, learner, meanMs, accuracy, looks }] : [],
      )
    : unit.rules.flatMap(({ rule: learner, meanMs, accuracy, looks }) =>
        looks ? [{ unit, learner, meanMs, accuracy, looks }] : [],
      );

function panel(cell: readonly Looking[]): Panel {
  const { unit } = cell[0]!;
  const { title } = unit;
  const accuracies = cell
    .flatMap(({ looks, accuracy: { top1 } }) => [
      top1.low,
      top1.high,
      ...looks.coverage.map(({ accuracy }) => accuracy),
    ])
    .filter(isFigure);
  const left = Math.min(...cell.map(({ looks }) => 1 - looks.share));
  return {
    title,
    description: `${title}. Right answers in per cent over the share of frames that the first look answered, of ${listed(cell.map(({ learner }) => learner))}.`,
    plot: lines(
      cell.map(({ learner, looks, accuracy: { top1 } }) => ({
        learner,
        points: few(looks.coverage).map(({ first, accuracy }, at, { length }) => ({
          x: 100 * first,
          y: 100 * accuracy,
          ...(at === length - 1 && { low: 100 * top1.low, high: 100 * top1.high }),
          title: `${learner}: ${percent(accuracy)} right with ${percent(first)} answered by the first look`,
        })),
      })),
      { domain: [100 * left, 100], nice: 5, label: 'answered by the first look, %', tickFormat: whole },
      {
        domain: [100 * Math.min(...accuracies), 100 * Math.max(...accuracies)],
        nice: 5,
        label: 'right answers, %',
        tickFormat: oneDecimal,
      },
    ),
  };
}

/** As many as are drawn with their intervals, the first and the last among them. */
function few<Point>(points: readonly Point[]): readonly Point[] {
  const most = Math.min(8, points.length);
  return Array.from(
    { length: most },
    (_, at) => points[Math.round((at * (points.length - 1)) / Math.max(1, most - 1))]!,
  );
}
