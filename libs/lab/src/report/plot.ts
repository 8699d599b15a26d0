import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { Look } from './looks.ts';
import { markup, Markup } from './markup.ts';

/** One drawing of a figure; drawn by Observable Plot. */
export interface Panel {
  readonly title: string;
  /** What is seen, for those who do not see it. */
  readonly description: string;
  readonly plot: Plot.PlotOptions;
}

const { document } = parseHTML('<html></html>') as unknown as { readonly document: never };

/** What lies inside an `<svg>`. Page styles apply: colours may be custom properties. */
export function plotted(options: Plot.PlotOptions): Markup {
  const identity = { color: { type: 'identity' }, opacity: { type: 'identity' } } as const;
  const drawn = Plot.plot({ document, ...identity, ...options }) as unknown as { readonly innerHTML: string };
  // Its style sheet is for a page that the report is not, and the policy of this one forbids it.
  const inside = drawn.innerHTML.replace(/<style>[^]*?<\/style>/, '');
  return new Markup(inside.replace(/<[^>]+>/g, rounded));
}

/** Coordinates to hundredths. */
const rounded = (tag: string): string =>
  tag.replace(/-?\d*\.\d{3,}(e-\d+)?/g, (value) => String(Math.round(Number(value) * 100) / 100));

const axis = { ticks: 5, labelAnchor: 'center', labelArrow: 'none' } as const;
const axes = {
  x: { ...axis, line: true, tickSize: 4, labelOffset: 34 },
  y: { ...axis, grid: true, tickSize: 0, tickPadding: 6, labelOffset: 58 },
};

/** A panel, named and described. `id`: unique on the page. */
export function drawing({ title, description, plot }: Panel, id: string): Markup {
  const { width = 470, height = 276, x, y } = plot;
  const margins = { marginTop: 10, marginRight: 14, marginBottom: 46, marginLeft: 64 };
  const scales = { x: { ...axes.x, ...x }, y: { ...axes.y, ...y } };
  const inside = plotted({ ...margins, ...plot, ...scales, width, height });
  return markup`<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" text-anchor="middle" aria-labelledby="${id}-title ${id}-desc"><title id="${id}-title">${title}</title><desc id="${id}-desc">${description}</desc>${inside}</svg>`;
}

/** Roughly, with room for wide faces and for the larger text of narrow screens. */
export const textWidth = (text: string): number => text.length * 7.4;

export interface Bar {
  readonly look: Look;
  /** Shows on hovering. */
  readonly title: string;
  /** 0..1: lightens it. @default 1 */
  readonly strength?: number;
}

/** Filled rectangles: `mark` with the channels that say where. */
export const bars = <Data extends Bar>(
  mark: (data: Data[], options: object) => Plot.Markish,
  data: readonly Data[],
  where: object,
): Plot.Markish => [
  mark([...data], {
    ...where,
    fill: ({ look }: Data) => look.colour,
    fillOpacity: ({ strength = 1 }: Data) => strength,
    title: ({ title }: Data) => title,
  }),
  mark([...data], {
    ...Plot.filter(({ look }: Data) => look.striped, where),
    fill: 'url(#stripes)',
    pointerEvents: 'none',
  }),
];

/** Style of data points; hollow ones show what lies beneath. */
export function dotStyle({ colour, shape, striped }: Look): Plot.DotOptions {
  const stroked = ['plus', 'times', 'asterisk'].includes(shape);
  const hollow = striped || colour === oracle.stroke;
  if (stroked || hollow)
    return { symbol: shape, fill: stroked ? 'none' : 'var(--paper)', stroke: colour, strokeWidth: 1.8 };
  return { symbol: shape, fill: colour, stroke: 'var(--paper)', strokeWidth: 0.75 };
}

/** Strokes of the oracle, and of an interval. */
export const oracle = { stroke: 'var(--c0)', strokeWidth: 1.8 };
export const whisker = { stroke: 'var(--ink)', strokeWidth: 1.2 };

/** Of text over data. */
export const halo = { fill: 'var(--ink)', stroke: 'var(--paper)', strokeWidth: 3, fontSize: 10.5 };

/** Once a page: the stripes that bars refer to. */
export const stripes = markup`<svg width="0" height="0" class="defs" aria-hidden="true"><defs><pattern id="stripes" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="2" height="5" fill="var(--paper)" fill-opacity="0.75"/></pattern></defs></svg>`;
