import { gutter, lyingAxis, textWidth, uprightAxis, type Area, type Axis, type Panel } from './frame.ts';
import { learnerLook } from './looks.ts';
import { markup, type Markup } from './markup.ts';
import type { Scale } from './scale.ts';
import { point, whisker } from './shapes.ts';

export interface LinePoint {
  readonly x: number;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
}

export interface Line {
  readonly learner: string;
  readonly points: readonly LinePoint[];
  /** Drawn light, not joined. */
  readonly light?: readonly LinePoint[];
  /** Which points are marked: some tell lines apart without colours. @default 'some' */
  readonly marks?: 'all' | 'some' | 'none';
}

export interface LinePanelOptions {
  readonly title: string;
  readonly description: string;
  readonly lines: readonly Line[];
  /** Made for the area, once it is known. */
  readonly x: (range: readonly [number, number]) => Axis;
  readonly y: (range: readonly [number, number]) => Axis;
  /** A dashed line across. */
  readonly level?: number;
  /** A line of steps, each from its x on. */
  readonly steps?: readonly LinePoint[];
  readonly events?: readonly { readonly x: number; readonly label: string }[];
}

const width = 470;
const height = 276;

/** Lines over two axes, with what stands behind them: levels, steps, events. */
export function linePanel(options: LinePanelOptions): Panel {
  const { title, description, lines, level, steps, events = [] } = options;
  const top = 10 + 14 * events.length;
  const y = options.y([height - 46, top]);
  const area = { left: gutter(y), right: width - 14, top, bottom: height - 46 };
  const x = options.x([area.left, area.right]);
  const body = markup`${uprightAxis(area, y)}${lyingAxis(area, x)}${events.map((event, at) =>
    drawnEvent(event, at, area, x.scale),
  )}${level !== undefined && drawnLevel(level, area, y.scale)}${lines.map((line) => lightPoints(line, x.scale, y.scale))}${
    steps && drawnSteps(steps, area, x.scale, y.scale)
  }${lines.map((line) => drawnLine(line, x.scale, y.scale))}`;
  return { title, description, width, height, body };
}

function drawnLine({ learner, points, marks = 'some' }: Line, x: Scale, y: Scale): Markup {
  const { colour, shape, striped } = learnerLook(learner);
  const dash = striped && markup` stroke-dasharray="5 3"`;
  const path = points.map((at, index) => markup`${index === 0 ? 'M' : 'L'}${x.at(at.x)} ${y.at(at.y)}`);
  const every = marks === 'all' ? 1 : Math.ceil(points.length / 6);
  const marked = marks === 'none' ? [] : points.filter((_, index) => (index + 1) % every === 0);
  // The oracle lies under those that come close to it: a ring around their marks.
  const radius = learner === 'oracle' ? 6.5 : marks === 'all' ? 4 : 3.2;
  const drawn = marked.map(({ x: atX, y: atY, low, high }) => {
    const between = low !== undefined && high !== undefined;
    return markup`${between && whisker([x.at(atX), y.at(low)], [x.at(atX), y.at(high)])}${point(shape, x.at(atX), y.at(atY), radius, learner === 'oracle')}`;
  });
  return markup`<g class="${colour}"><path d="${path}" class="line"${dash}><title>${learner}</title></path>${drawn}</g>`;
}

const lightPoints = ({ learner, light = [] }: Line, x: Scale, y: Scale): Markup =>
  markup`<g class="${learnerLook(learner).colour}" fill="currentColor" fill-opacity="0.35">${light.map(
    (at) => markup`<circle cx="${x.at(at.x)}" cy="${y.at(at.y)}" r="1.8"/>`,
  )}</g>`;

const drawnLevel = (value: number, area: Area, y: Scale): Markup =>
  markup`<path d="M${area.left} ${y.at(value)}H${area.right}" class="level"/>`;

function drawnSteps(steps: readonly LinePoint[], { right }: Area, x: Scale, y: Scale): Markup {
  const path = steps.map((step, at) =>
    at === 0 ? markup`M${x.at(step.x)} ${y.at(step.y)}` : markup`H${x.at(step.x)}V${y.at(step.y)}`,
  );
  return markup`<path d="${path}H${right}" class="oracle"/>`;
}

/** Labels stand above the data, one a line, on the side where there is room. */
function drawnEvent(event: { x: number; label: string }, row: number, area: Area, x: Scale): Markup {
  const at = x.at(event.x);
  const y = 14 + 14 * row;
  const length = textWidth(event.label) * 0.9;
  const fits = at + 4 + length < area.right + 14;
  const end = at - 4 - length > 0 ? at - 4 : area.right + 14;
  return markup`<path d="M${at} ${y - 9}V${area.bottom}" class="event"/><text x="${fits ? at + 4 : end}" y="${y}"${
    !fits && markup` text-anchor="end"`
  } class="tick halo">${event.label}</text>`;
}
