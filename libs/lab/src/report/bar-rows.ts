import * as Plot from '@observablehq/plot';
import { isFigure } from './format.ts';
import type { Look } from './looks.ts';
import { type Axis, halo, reference } from './plot.ts';

export interface Bar extends Look {
  /** Shows on hovering. */
  readonly title: string;
}

/** With the interval from `low` to `high`, and a second value `mark`: a tick with a thin line to it. */
export interface BarRow {
  readonly name: string;
  /** `text`: inside the part. */
  readonly parts: readonly (Bar & { readonly value: number; readonly text?: string })[];
  readonly low?: number;
  readonly high?: number;
  readonly mark?: number | null;
  /** Right of the bar. */
  readonly end: string;
  /** The rows of several groups are narrow, and named by the legend alone. */
  readonly group?: string;
}

/** One lying bar a row, of one or several parts, cut with a gap where it is longer than the axis. */
export function barRows(given: readonly BarRow[], x: Axis, groupsLabel?: string): Plot.PlotOptions {
  const rows = given.map((row) => ({ group: '', ...row }));
  const parts = rows.flatMap((row) => row.parts.map((part) => ({ ...row, ...part })));
  const shown = parts.filter(({ value }) => isFigure(value));
  const cut = shown.filter(({ value }) => value > x.domain[1]);
  const [names, groups] = [new Set(rows.map(({ name }) => name)), new Set(rows.map(({ group }) => group))];
  const many = groups.size > 1;
  const at = { y: 'name', fy: 'group' };
  const stacked = Plot.stackX({ ...at, x: 'value' });
  const right = { frameAnchor: 'right', textAnchor: 'start', dx: 8 } as const;
  return {
    marginTop: 4,
    marginLeft: many ? 64 : 10 + widest([...names]),
    marginRight: 12 + widest(rows.map(({ end }) => end)),
    height: 54 + names.size * groups.size * (many ? 11 : 24),
    x: { ticks: 4, clamp: true, grid: true, ...x },
    y: { domain: names, label: null, padding: many ? 0.1 : 0.33, grid: false, axis: many ? null : 'left' },
    fy: { domain: groups, label: groupsLabel ?? null, padding: many ? 0.12 : 0, axis: many ? 'left' : null },
    marks: [
      Plot.ruleY(rows, { ...at, x2: 'mark', stroke: 'var(--edge)' }),
      bars(shown, { ...stacked, insetRight: 0.75 }),
      Plot.tickX(cut, { ...at, x: x.domain[1], dx: -6, stroke: 'var(--paper)', strokeWidth: 3 }),
      Plot.text(shown, { ...stacked, text: 'text', ...halo }),
      Plot.tickX(rows, { ...at, x: 'mark', ...reference }),
      Plot.ruleY(rows, { ...at, x1: 'low', x2: 'high', stroke: 'var(--ink)', strokeWidth: 1.2 }),
      Plot.text(rows, { ...at, text: 'end', ...right, fontSize: many ? 9 : 11 }),
    ],
  };
}

export const bars = (data: readonly Bar[], where: Plot.BarXOptions): Plot.Markish => [
  Plot.barX(data, { ...where, fill: 'colour', fillOpacity: 'strength', title: 'title' }),
  Plot.barX(data, { ...Plot.filter('striped', where), fill: 'url(#stripes)', pointerEvents: 'none' }),
];

/** Roughly, with room for wide faces and for the larger text of narrow screens. */
const widest = (texts: readonly string[]): number => 7.4 * Math.max(0, ...texts.map(({ length }) => length));
