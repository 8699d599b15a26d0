import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { Look, Shape } from './looks.ts';
import { markup, Markup } from './markup.ts';

/** One drawing of a figure; drawn by Observable Plot. */
export interface Panel {
  readonly title: string;
  /** What is seen, for those who do not see it. */
  readonly description: string;
  readonly plot: Plot.PlotOptions;
}

const { document } = parseHTML('<html></html>') as unknown as { readonly document: never };

/** Room for numbers and label of the upright axis, and of the lying one, px. */
const margins = { marginTop: 10, marginRight: 14, marginBottom: 46, marginLeft: 64 };
const size = { width: 470, height: 276 };

/** What lies inside an `<svg>`. Page styles apply: colours may be custom properties. */
export function plotted(options: Plot.PlotOptions): Markup {
  const drawn = Plot.plot({
    document,
    ...size,
    ...margins,
    color: { type: 'identity' },
    opacity: { type: 'identity' },
    ...options,
  }) as unknown as { readonly innerHTML: string };
  // Its style sheet is for a page that the report is not, and the policy of this one forbids it.
  const inside = drawn.innerHTML.replace(/<style>[^]*?<\/style>/, '');
  return new Markup(inside.replace(/<[^>]+>/g, rounded));
}

/** Coordinates to hundredths. */
const rounded = (tag: string): string =>
  tag.replace(/-?\d*\.\d{3,}(e-\d+)?/g, (value) => String(Math.round(Number(value) * 100) / 100));

/** A panel, named and described. `id`: unique on the page. */
export function drawing({ title, description, plot }: Panel, id: string): Markup {
  const { width = size.width, height = size.height } = plot;
  return markup`<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" text-anchor="middle" aria-labelledby="${id}-title ${id}-desc"><title id="${id}-title">${title}</title><desc id="${id}-desc">${description}</desc>${plotted(plot)}</svg>`;
}

/** Roughly, with room for wide faces and for the larger text of narrow screens. */
export const textWidth = (text: string): number => text.length * 7.4;

/** Of one axis: what to mark, and how it is written. */
export interface Axis {
  readonly label: string;
  /** The values to mark, or about how many. @default 5 */
  readonly ticks?: number | readonly number[];
  readonly tickFormat: (value: number) => string;
}

const axisStyle = (axis: Axis) =>
  ({ ...axis, ticks: marks(axis), fill: 'var(--muted)', labelAnchor: 'center', labelArrow: 'none' }) as const;
const grid = { stroke: 'var(--rule)', strokeOpacity: 1 };
const marks = ({ ticks = 5 }: Axis) => (typeof ticks === 'number' ? ticks : [...ticks]);
const ground = () => Plot.frame({ anchor: 'bottom', stroke: 'var(--edge)' });

/** Grid lines, numbers and label at the left. */
export const uprightAxis = (axis: Axis): Plot.Markish => [
  Plot.gridY({ ...grid, ticks: marks(axis) }),
  Plot.axisY({ ...axisStyle(axis), tickSize: 0, tickPadding: 6, labelOffset: 58 }),
];

/** Line, marks, numbers and label below; with `lines` those of the grid too. */
export const lyingAxis = (axis: Axis, { lines = false } = {}): Plot.Markish => [
  lines ? Plot.gridX({ ...grid, ticks: marks(axis) }) : null,
  Plot.axisX({ ...axisStyle(axis), stroke: 'var(--edge)', tickSize: 4, tickPadding: 5, labelOffset: 34 }),
  ground(),
];

/** Names of groups, and a line above them. */
export const groupAxis = (label: string): Plot.Markish => [
  Plot.axisFx({ anchor: 'bottom', label: null, tickSize: 0, tickPadding: 10 }),
  Plot.text([label], { facet: 'super', frameAnchor: 'bottom', dy: 38, fill: 'var(--muted)' }),
  ground(),
];

/** Numbers of a logarithmic axis: 1, 2 and 5 of each decade, or the decades where those are many. */
export function decadeTicks(from: number, to: number): number[] {
  const decades = Math.log10(to / from);
  const digits = decades > 2.7 ? [1] : [1, 2, 5];
  const first = Math.floor(Math.log10(from));
  return Array.from({ length: Math.ceil(decades) + 2 }, (_, at) => 10 ** (first + at))
    .flatMap((decade) => digits.map((digit) => digit * decade))
    .filter((tick) => tick >= from * 0.999 && tick <= to * 1.001);
}

export interface Bar {
  readonly look: Look;
  /** Shows on hovering. */
  readonly title: string;
  /** 0..1: lightens it. @default 1 */
  readonly strength?: number;
}

/** Filled rectangles: `mark` with the channels that say where. */
export function bars<Data extends Bar, Options>(
  mark: (data: Data[], options: Options) => Plot.Markish,
  data: readonly Data[],
  where: Options,
): Plot.Markish {
  const fill = {
    fill: ({ look }: Data) => look.colour,
    fillOpacity: ({ strength = 1 }: Data) => strength,
    title: ({ title }: Data) => title,
  };
  const striped = data.filter(({ look }) => look.striped);
  return [
    mark([...data], { ...where, ...fill }),
    mark(striped, { ...where, fill: 'url(#stripes)', pointerEvents: 'none' }),
  ];
}

const symbols: Readonly<Record<Shape, { readonly symbol: Plot.SymbolType; readonly rotate?: number }>> = {
  circle: { symbol: 'circle' },
  square: { symbol: 'square' },
  up: { symbol: 'triangle' },
  down: { symbol: 'triangle', rotate: 180 },
  diamond: { symbol: 'square', rotate: 45 },
  plus: { symbol: 'plus' },
  cross: { symbol: 'times' },
};

/** Data points; hollow ones show what lies beneath less, and strokes that are hollow get a ring. */
export function points<Data>(
  { colour, shape }: Look,
  hollow: boolean,
  data: readonly Data[],
  { r = 4, ...where }: Plot.DotOptions & { readonly r?: number },
): Plot.Markish {
  const lines = shape === 'plus' || shape === 'cross';
  const outlined = { fill: 'var(--paper)', stroke: colour, strokeWidth: 1.5 };
  const filled = { fill: colour, stroke: 'var(--paper)', strokeWidth: 0.75 };
  const stroked = { fill: 'none', stroke: colour, strokeWidth: hollow ? 1.5 : 2.2 };
  const style = lines ? stroked : hollow ? outlined : filled;
  return [
    Plot.dot([...data], { ...where, ...symbols[shape], ...style, r: lines ? 0.75 * r : r }),
    lines && hollow
      ? Plot.dot([...data], { ...where, r: r * 1.35, fill: 'none', stroke: colour, strokeWidth: 1 })
      : null,
  ];
}

/** Strokes of the oracle, and of an interval. */
export const oracle = { stroke: 'var(--c0)', strokeWidth: 1.8 };
export const whisker = { stroke: 'var(--ink)', strokeWidth: 1.2 };

/** Of text over data. */
export const halo = { fill: 'var(--ink)', stroke: 'var(--paper)', strokeWidth: 3, fontSize: 10.5 };

/** Once a page: the stripes that bars refer to. */
export const stripes = markup`<svg width="0" height="0" class="defs" aria-hidden="true"><defs><pattern id="stripes" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="2" height="5" fill="var(--paper)" fill-opacity="0.75"/></pattern></defs></svg>`;
