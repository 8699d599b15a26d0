import { drawn, type Panel } from './frame.ts';
import { learnerLook, type Look } from './looks.ts';
import { markup, type Markup, type Part } from './markup.ts';
import { point } from './shapes.ts';
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
  readonly colour: string;
  readonly swatch: Markup;
}

/** Panels with one legend above, a caption and the folded table of the numbers below. */
export function figure({ id, legend = [], panels, caption, numbers }: FigureOptions): Markup {
  return markup`<figure id="${id}">
${legend.length > 0 && markup`<ul class="legend">${legend.map(entry)}</ul>\n`}<div class="panels">
${panels.map((panel, at) => markup`${drawn(panel, `${id}-${at}`)}\n`)}</div>
<figcaption>${caption}</figcaption>
${folded('The numbers', numbers)}</figure>
`;
}

const entry = ({ name, colour, swatch }: LegendEntry): Markup =>
  markup`<li><svg width="22" height="14" viewBox="0 0 22 14" aria-hidden="true" class="${colour}">${swatch}</svg>${name}</li>`;

export const barLegend = (
  names: readonly string[],
  look: (name: string) => Look = learnerLook,
): LegendEntry[] => names.map((name) => barEntry(name, look(name)));

export const barEntry = (name: string, { colour, striped }: Look, strength = 1): LegendEntry => ({
  name,
  colour,
  swatch: markup`<rect x="3" y="1" width="16" height="12" fill="currentColor" fill-opacity="${strength}"/>${
    striped && markup`<rect x="3" y="1" width="16" height="12" fill="url(#stripes)"/>`
  }`,
});

export const lineLegend = (names: readonly string[]): LegendEntry[] =>
  names.map((name) => {
    const { colour, shape, striped } = learnerLook(name);
    const dash = striped && markup` stroke-dasharray="4 2"`;
    return {
      name,
      colour,
      swatch: markup`<path d="M0 7H22" stroke="currentColor" stroke-width="2"${dash}/>${point(shape, 11, 7, name === 'oracle' ? 5 : 4, name === 'oracle')}`,
    };
  });

export const pointLegend = (names: readonly string[]): LegendEntry[] =>
  names.map((name) => {
    const { colour, shape, striped } = learnerLook(name);
    return { name, colour, swatch: point(shape, 11, 7, 4.5, striped || name === 'oracle') };
  });

/** A thick line: the oracle over bars. */
export const strokeEntry = (name: string): LegendEntry => ({
  name,
  colour: 'c0',
  swatch: markup`<path d="M1 7H21" stroke="currentColor" stroke-width="2.2"/>`,
});
