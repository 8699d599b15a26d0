import * as Plot from '@observablehq/plot';
import { figure, isFigure } from './format.ts';
import { type Bar, bars, halo, oracle, type Panel, textWidth, whisker } from './plot.ts';

export interface BarRow {
  readonly name: string;
  /** `text`: inside the part, where there is room. */
  readonly parts: readonly (Bar & { readonly value: number; readonly text?: string })[];
  readonly interval?: { readonly low: number; readonly high: number };
  /** A second value of the row, drawn as a tick with a thin line to it. */
  readonly mark?: { readonly value: number; readonly title: string };
  /** Right of the bar. */
  readonly end: string;
}

export interface BarRowsOptions extends Omit<Panel, 'plot'> {
  readonly rows: readonly BarRow[];
  readonly axis: string;
  readonly top: number;
  readonly format?: (value: number) => string;
}

/** One lying bar a row, of one or several parts, named at the left and with its figure at the right. */
export function barRows({ title, description, rows, axis, top, format = figure }: BarRowsOptions): Panel {
  const marginLeft = 10 + Math.max(0, ...rows.map(({ name }) => textWidth(name)));
  const marginRight = 12 + Math.max(0, ...rows.map(({ end }) => textWidth(end)));
  const parts = rows
    .flatMap(({ name, parts }) => parts.map((part) => ({ ...part, row: name })))
    .filter(({ value }) => isFigure(value));
  const hasRoom = ({ text = '', value }: (typeof parts)[number]) =>
    textWidth(text) < (value / top) * (470 - marginLeft - marginRight);
  const marked = rows.flatMap(({ name, mark }) => (isFigure(mark?.value) ? { ...mark, name } : []));
  const spread = rows.flatMap(({ name, interval }) => (isFigure(interval?.low) ? { ...interval, name } : []));
  return {
    title,
    description,
    plot: {
      marginTop: 4,
      marginLeft,
      marginRight,
      height: 54 + rows.length * 24,
      x: {
        domain: [0, top > 0 ? top : 1],
        clamp: true,
        nice: 4,
        ticks: 4,
        label: axis,
        tickFormat: format,
        grid: true,
      },
      y: { domain: rows.map(({ name }) => name), label: null, padding: 0.33, grid: false },
      marks: [
        Plot.ruleY(marked, { y: 'name', x2: 'value', stroke: 'var(--edge)' }),
        bars(Plot.barX, parts, Plot.stackX({ x: 'value', y: 'row', insetRight: 0.75 })),
        Plot.text(parts, Plot.filter(hasRoom, Plot.stackX({ x: 'value', y: 'row', text: 'text', ...halo }))),
        Plot.tickX(marked, { y: 'name', x: 'value', title: 'title', ...oracle }),
        Plot.ruleY(spread, { y: 'name', x1: 'low', x2: 'high', ...whisker }),
        Plot.text(rows, { y: 'name', text: 'end', frameAnchor: 'right', textAnchor: 'start', dx: 8 }),
      ],
    },
  };
}
