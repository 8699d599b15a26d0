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
  // The policy of the page forbids its style sheet.
  const inside = drawn.innerHTML.replace(/<style>[^]*?<\/style>/, '');
  // Coordinates to hundredths.
  const long = /-?\d*\.\d{3,}(e-\d+)?(?=[^<>]*>)/g;
  return new Markup(inside.replace(long, (value) => String(Math.round(Number(value) * 100) / 100)));
}

/** Where an axis begins and ends, and what it says. */
export type Axis = Plot.ScaleOptions & { readonly domain: readonly [number, number] };

const axis = { ticks: 5, labelAnchor: 'center', labelArrow: 'none' } as const;
const margins = { marginTop: 10, marginRight: 14, marginBottom: 46, marginLeft: 64 };

/** A panel, named and described. `id`: unique on the page. */
export function drawing({ title, description, plot }: Panel, id: string): Markup {
  const [width, height] = [470, plot.height ?? 276];
  const x = { ...axis, line: true, tickSize: 4, labelOffset: 34, ...plot.x };
  const y = { ...axis, grid: true, tickSize: 0, tickPadding: 6, labelOffset: 58, ...plot.y };
  const fy = { ...axis, labelOffset: 58, ...plot.fy };
  const inside = plotted({ ...margins, ...plot, x, y, fy, width, height });
  return markup`<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" text-anchor="middle" aria-labelledby="${id}-title ${id}-desc"><title id="${id}-title">${title}</title><desc id="${id}-desc">${description}</desc>${inside}</svg>`;
}

export const pointStyle = ({ colour, symbol, rotate, striped }: Look): Plot.DotOptions => ({
  symbol,
  rotate,
  ...(striped
    ? { fill: 'var(--paper)', stroke: colour, strokeWidth: 1.8 }
    : { fill: colour, stroke: 'var(--paper)', strokeWidth: 0.75 }),
});

export const lineStyle = ({ colour, striped }: Look) => ({
  stroke: colour,
  strokeWidth: 1.8,
  strokeDasharray: striped ? '5 3' : 'none',
});

/** Of what is compared with, and of text over data. */
export const reference = { stroke: 'var(--c0)', strokeWidth: 1.8 };
export const halo = { fill: 'var(--ink)', stroke: 'var(--paper)', strokeWidth: 3, fontSize: 10.5 };

/** Once a page: the stripes that bars refer to. */
export const stripes = markup`<svg width="0" height="0" class="defs" aria-hidden="true"><defs><pattern id="stripes" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="2" height="5" fill="var(--paper)" fill-opacity="0.75"/></pattern></defs></svg>`;
