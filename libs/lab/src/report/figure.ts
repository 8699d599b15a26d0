import * as Plot from '@observablehq/plot';
import { bars } from './bar-rows.ts';
import { isMasked, learnerLook, type Look } from './looks.ts';
import { markup, type Markup, type Part } from './markup.ts';
import { drawing, lineStyle, type Panel, plotted, pointStyle, reference } from './plot.ts';
import { folded } from './table.ts';

export interface FigureOptions {
  /** Unique on the page. */
  readonly id: string;
  readonly legend?: readonly LegendEntry[];
  readonly panels: readonly Panel[];
  readonly caption: Part;
  /** The numbers of the figure, as a table. */
  readonly numbers: Markup;
}

export interface LegendEntry {
  readonly name: string;
  readonly kind: 'bar' | 'point' | 'line' | 'reference';
  readonly look: Look;
}

/** Panels with one legend above, a caption and the folded table of the numbers below. */
export function figure({ id, legend = [], panels, caption, numbers }: FigureOptions): Markup {
  return markup`<figure id="${id}">
${legend.length > 0 && markup`<ul class="legend">${legend.map((entry) => markup`<li><svg width="22" height="14" viewBox="0 0 22 14" aria-hidden="true">${swatch(entry)}</svg>${entry.name}</li>`)}</ul>\n`}<div class="panels">
${panels.map((panel, at) => markup`<div><p class="panel-title" aria-hidden="true">${panel.title}</p>${drawing(panel, `${id}-${at}`)}</div>\n`)}</div>
<figcaption>${caption}${maskedNote(legend)}</figcaption>
${folded('The numbers', numbers)}</figure>
`;
}

/** What the looks of masked learners mean, where there are any. */
export const maskedNote = (legend: readonly LegendEntry[]): string =>
  legend.some(({ name }) => isMasked(name))
    ? ' Masked learners (striped, dashed or hollow) see only joint placements that keep the floor.'
    : '';

export const learnersLegend = (kind: LegendEntry['kind'], names: readonly string[]): LegendEntry[] =>
  names.map((name) => ({ name, kind, look: learnerLook(name) }));

/** 22 × 14. */
export function swatch({ name, kind, look }: LegendEntry): Markup {
  const [point, line] = [
    Plot.dot([[11, 7]], { ...pointStyle(look), r: 4 }),
    Plot.ruleY([7], lineStyle(look)),
  ];
  const bar = bars([{ ...look, title: name }], { x1: 3, x2: 19, insetTop: 1, insetBottom: 1 });
  const marks = [{ point, line: [line, point], bar, reference: Plot.ruleY([7], reference) }[kind]];
  const y = kind === 'bar' ? {} : { domain: [0, 14] };
  return plotted({ width: 22, height: 14, margin: 0, axis: null, x: { domain: [0, 22] }, y, marks });
}
