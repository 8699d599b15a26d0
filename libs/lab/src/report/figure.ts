import * as Plot from '@observablehq/plot';
import { learnerLook, type Look } from './looks.ts';
import { markup, type Markup, type Part } from './markup.ts';
import { bars, dotStyle, drawing, type Panel, plotted } from './plot.ts';
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
  readonly marks: Plot.Markish;
}

/** Panels with one legend above, a caption and the folded table of the numbers below. */
export function figure({ id, legend = [], panels, caption, numbers }: FigureOptions): Markup {
  return markup`<figure id="${id}">
${legend.length > 0 && markup`<ul class="legend">${legend.map(entry)}</ul>\n`}<div class="panels">
${panels.map((panel, at) => markup`<div><p class="panel-title" aria-hidden="true">${panel.title}</p>${drawing(panel, `${id}-${at}`)}</div>\n`)}</div>
<figcaption>${caption}</figcaption>
${folded('The numbers', numbers)}</figure>
`;
}

const entry = ({ name, marks }: LegendEntry): Markup =>
  markup`<li><svg width="22" height="14" viewBox="0 0 22 14" aria-hidden="true">${swatch(marks)}</svg>${name}</li>`;

export const swatch = (marks: Plot.Markish): Markup =>
  plotted({
    ...swatchSize,
    margin: 0,
    axis: null,
    x: { domain: [0, 22] },
    y: { domain: [0, 14] },
    marks: [marks],
  });

const swatchSize = { width: 22, height: 14 };
const across = (stroke: string, style = {}) => Plot.ruleY([7], { stroke, strokeWidth: 2, ...style });
const centre = (look: Look) => Plot.dot([[11, 7]], { ...dotStyle(look), r: 4 });

export const barEntry = (name: string, look: Look, strength = 1): LegendEntry => ({
  name,
  marks: bars(Plot.rect, [{ look, title: name, strength }], { x1: 3, x2: 19, y1: 1, y2: 13 }),
});

export const barLegend = (names: readonly string[]): LegendEntry[] =>
  names.map((name) => barEntry(name, learnerLook(name)));

export const pointLegend = (names: readonly string[]): LegendEntry[] =>
  names.map((name) => ({ name, marks: centre(learnerLook(name)) }));

export const lineLegend = (names: readonly string[]): LegendEntry[] =>
  names.map((name) => {
    const look = learnerLook(name);
    const dash = look.striped && { strokeDasharray: '4 2' };
    return { name, marks: [across(look.colour, dash || {}), centre(look)] };
  });

/** A thick line: the oracle over bars. */
export const strokeEntry = (name: string): LegendEntry => ({ name, marks: across('var(--c0)') });
