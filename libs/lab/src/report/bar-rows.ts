import { figure, isFigure } from './format.ts';
import { lyingAxis, textWidth, type Panel } from './frame.ts';
import type { Look } from './looks.ts';
import { markup, type Markup } from './markup.ts';
import { linearScale, type Scale } from './scale.ts';
import { bar, whisker } from './shapes.ts';

export interface BarRow {
  readonly name: string;
  readonly parts: readonly {
    readonly value: number;
    readonly look: Look;
    readonly strength?: number;
    /** Inside the part, where there is room. */
    readonly text?: string;
    readonly title: string;
  }[];
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

const width = 470;
const rowHeight = 24;

/** One lying bar a row, of one or several parts, named at the left and with its figure at the right. */
export function barRows(options: BarRowsOptions): Panel {
  const { title, description, rows, axis, top, format = figure } = options;
  const left = 10 + Math.max(0, ...rows.map(({ name }) => textWidth(name)));
  const ends = 12 + Math.max(0, ...rows.map(({ end }) => textWidth(end)));
  const area = { left, right: width - ends, top: 4, bottom: 8 + rows.length * rowHeight };
  const scale = linearScale({ from: 0, to: top, range: [area.left, area.right], ticks: 4 });
  const drawn = rows.map((row, at) => drawnRow(row, 6 + at * rowHeight, scale, area.right));
  const body = markup`${lyingAxis(area, { scale, label: axis, format }, { grid: true })}${drawn}`;
  return { title, description, width, height: area.bottom + 40, body };
}

function drawnRow(
  { name, parts: all, interval, mark, end }: BarRow,
  y: number,
  scale: Scale,
  right: number,
): Markup {
  const middle = y + rowHeight / 2;
  const parts = all.filter(({ value }) => isFigure(value));
  let sum = 0;
  const bars = parts.map(({ value, look, strength = 1, text, title }) => {
    const x = scale.at(sum);
    sum += value;
    const room = scale.at(sum) - x;
    const box = {
      x,
      y: y + 4,
      width: Math.max(0, room - (parts.length > 1 ? 0.75 : 0)),
      height: rowHeight - 8,
    };
    const fits = text !== undefined && textWidth(text) * 0.92 + 4 < room;
    return markup`${bar(box, look, title, strength)}${
      fits &&
      markup`<rect x="${x + room / 2 - textWidth(text) * 0.46}" y="${middle - 6}" width="${textWidth(text) * 0.92}" height="12" rx="2" class="plate"/><text x="${x + room / 2}" y="${middle + 4}" text-anchor="middle" class="inside">${text}</text>`
    }`;
  });
  return markup`<text x="${scale.at(0) - 6}" y="${middle + 4}" text-anchor="end">${name}</text>${bars}${
    mark &&
    isFigure(mark.value) &&
    markup`<path d="M${scale.at(sum)} ${middle}H${scale.at(mark.value)}" class="reach"/><path d="M${scale.at(mark.value)} ${middle - 6}v12" class="oracle"><title>${mark.title}</title></path>`
  }${interval && isFigure(interval.low) && isFigure(interval.high) && whisker([scale.at(interval.low), middle], [scale.at(interval.high), middle])}<text x="${right + 8}" y="${middle + 4}" class="end">${end}</text>`;
}
