import type { ArrivalsResult, ArrivalsRule } from '../measure/results.ts';
import { barRows } from './bar-rows.ts';
import { figure, learnersLegend } from './figure.ts';
import {
  figure as plain,
  listed,
  msWithInterval,
  percent,
  percentWithInterval,
  signedPercent,
  watched,
  wholePercent,
} from './format.ts';
import type { Panel } from './plot.ts';
import { byLearner, learnerLook } from './looks.ts';
import type { Markup } from './markup.ts';
import { belowFloor, floorName, unableSentence, users } from './select.ts';
import { table } from './table.ts';

/** Plot 9: frames that arrive by themselves, per load and rule. */
export function arrivalsFigure(units: readonly ArrivalsResult[]): Markup {
  const sorted = units.toSorted(
    (a, b) => a.pattern.localeCompare(b.pattern) * -1 || a.load - b.load || a.users - b.users,
  );
  const rows = sorted.flatMap((unit) => rulesOf(unit).map((rule) => ({ unit, rule })));
  return figure({
    id: 'figure-arrivals',
    legend: learnersLegend('bar', [...new Set(rows.map(({ rule }) => rule.rule))].sort(byLearner)),
    panels: sorted.map(panel),
    caption: `Bars: mean response with its 95 % interval over blocks; upright ticks: 95th percentile. ✓ floor held after every frame, those of warm-ups and learning too, ✗ cumulative expected accuracy fell below it. default: planner and dispatch; static: the best static joint placement, obeyed. Each panel has its own axis.${unableSentence(units)}`,
    numbers: table('Arrivals', rows, [
      { head: 'Arrivals', cell: ({ unit }) => unit.pattern },
      { head: 'Load', cell: ({ unit }) => wholePercent(unit.load), figures: true },
      { head: 'Users', cell: ({ unit }) => unit.users, figures: true },
      { head: 'Floor', cell: ({ unit }) => unit.floor.label },
      { head: 'Rule', cell: ({ rule }) => rule.rule },
      { head: 'Mean (95 %)', cell: ({ rule }) => msWithInterval(rule.meanMs), figures: true },
      { head: 'p50, ms', cell: ({ rule }) => plain(rule.responseMs.p50), figures: true },
      { head: 'p95, ms', cell: ({ rule }) => plain(rule.responseMs.p95), figures: true },
      { head: 'p99, ms', cell: ({ rule }) => plain(rule.responseMs.p99), figures: true },
      { head: 'Against static', cell: ({ rule }) => signedPercent(rule.overStaticPct), figures: true },
      {
        head: 'Static as predicted, ms',
        cell: ({ unit, rule }) => (rule.rule === 'static' ? plain(unit.static.predictedMs) : ''),
        figures: true,
      },
      { head: 'Top-1 (95 %)', cell: ({ rule }) => percentWithInterval(rule.accuracy.top1), figures: true },
      { head: 'Expected', cell: ({ rule }) => percent(rule.accuracy.expected), figures: true },
      { head: 'Frames', cell: ({ rule }) => rule.frames, figures: true },
      { head: 'Failed', cell: ({ rule }) => rule.failed, figures: true },
      { head: 'Frames below floor', cell: ({ rule }) => watched(rule), figures: true },
      { head: 'in warm-ups', cell: ({ rule }) => watched(rule.warmup), figures: true },
      { head: 'while learning', cell: ({ rule }) => watched(rule.learning), figures: true },
    ]),
  });
}

function panel(unit: ArrivalsResult): Panel {
  const title = `${unit.pattern === 'poisson' ? 'Poisson' : 'Periodic'}, ${wholePercent(unit.load)} load, ${users(unit.users)}, ${floorName(unit.floor)}`;
  const rules = rulesOf(unit);
  const reach = ({ responseMs, meanMs }: ArrivalsRule) =>
    [responseMs.p95 ?? 0, meanMs.high].filter(Number.isFinite);
  const top = Math.max(1, ...rules.flatMap(reach));
  return {
    title,
    description: `${title}. Mean response in ms, its interval and the 95th percentile of ${listed(rules.map(({ rule }) => rule))}.`,
    plot: barRows(
      rules.map((rule) => ({
        name: rule.rule,
        parts: [
          {
            ...learnerLook(rule.rule),
            value: rule.meanMs.mean,
            title: `${rule.rule}: ${msWithInterval(rule.meanMs)}`,
          },
        ],
        low: rule.meanMs.low,
        high: rule.meanMs.high,
        mark: rule.responseMs.p95,
        end: `${plain(rule.meanMs.mean)} / ${plain(rule.responseMs.p95)} ms ${belowFloor(rule) === 0 ? '✓' : '✗'}`,
      })),
      { domain: [0, top], nice: 4, label: 'response time, ms (mean / p95)', tickFormat: plain },
    ),
  };
}

const rulesOf = ({ rules }: ArrivalsResult): ArrivalsRule[] =>
  rules.toSorted((a, b) => byLearner(a.rule, b.rule));
