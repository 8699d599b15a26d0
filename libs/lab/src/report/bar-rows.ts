import * as Plot from '@observablehq/plot';
import { figure, isFigure } from './format.ts';
import { type Bar, bars, halo, lyingAxis, oracle, type Panel, textWidth, whisker } from './plot.ts';

export interface BarRow {
  readonly name: string;
  readonly parts: readonly (Bar & {
    readonly value: number;
    /** Inside the part, where there is room. */
    readonly text?: string;
  })[];
  readonly interval?: { readonly low: number; readonly high: number };
  /** A second value of the row, drawn as a tick with a thin line to it. */
  readonly mark?: { readonly value: number; readonly title: string };
  /** Right of the bar. */
  readonly end: string;
}

export interface BarRowsOptions {
  readonly title: string;
  readonly description: string;
  readonly rows: readonly BarRow[];
  readonly axis: string;
  readonly top: number;
  readonly format?: (value: number) => string;
}

/** One lying bar a row, of one or several parts, named at the left and with its figure at the right. */
export function barRows(options: BarRowsOptions): Panel {
  const { title, description, rows, axis, top, format = figure } = options;
  const marginLeft = 10 + Math.max(0, ...rows.map(({ name }) => textWidth(name)));
  const marginRight = 12 + Math.max(0, ...rows.map(({ end }) => textWidth(end)));
  const stacked = rows.flatMap(({ name, parts }) => stack(parts).map((part) => ({ ...part, row: name })));
  const widthOf = ({ x1, x2 }: { x1: number; x2: number }) =>
    ((x2 - x1) / top) * (470 - marginLeft - marginRight);
  const marked = rows.flatMap(({ name, parts, mark }) =>
    mark && isFigure(mark.value) ? { ...mark, row: name, from: stack(parts).at(-1)?.x2 ?? 0 } : [],
  );
  const spread = rows.flatMap(({ name, interval }) =>
    interval && isFigure(interval.low) && isFigure(interval.high) ? { ...interval, row: name } : [],
  );
  return {
    title,
    description,
    plot: {
      marginTop: 4,
      marginLeft,
      marginRight,
      height: 54 + rows.length * 24,
      x: { domain: [0, top > 0 ? top : 1], clamp: true, nice: 4 },
      y: { domain: rows.map(({ name }) => name), label: null, padding: 0.33 },
      marks: [
        lyingAxis({ label: axis, ticks: 4, tickFormat: format }, { lines: true }),
        Plot.axisY({ tickSize: 0, tickPadding: 6 }),
        bars(Plot.barX, stacked, { x1: 'x1', x2: 'x2', y: 'row', insetRight: 0.75 }),
        Plot.text(
          stacked.filter((part) => part.text !== undefined && textWidth(part.text) < widthOf(part)),
          { x: ({ x1, x2 }) => (x1 + x2) / 2, y: 'row', text: 'text', ...halo },
        ),
        Plot.ruleY(marked, { y: 'row', x1: 'from', x2: 'value', stroke: 'var(--edge)' }),
        Plot.tickX(marked, { y: 'row', x: 'value', title: 'title', ...oracle }),
        Plot.ruleY(spread, { y: 'row', x1: 'low', x2: 'high', ...whisker }),
        Plot.text(rows, { y: 'name', text: 'end', frameAnchor: 'right', textAnchor: 'start', dx: 8 }),
      ],
    },
  };
}

function stack<Part extends { readonly value: number }>(parts: readonly Part[]) {
  let sum = 0;
  return parts
    .filter(({ value }) => isFigure(value))
    .map((part) => ({ ...part, x1: sum, x2: (sum += part.value) }));
}
