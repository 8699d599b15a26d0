import { figure, isFigure } from './format.ts';
import { groupAxis, gutter, uprightAxis, type Panel } from './frame.ts';
import { learnerLook } from './looks.ts';
import { markup, type Markup } from './markup.ts';
import { linearScale, type Scale } from './scale.ts';
import { bar, whisker, type Box } from './shapes.ts';

export interface BarGroup {
  readonly name: string;
  readonly bars: readonly {
    readonly learner: string;
    readonly mean: number;
    readonly low: number;
    readonly high: number;
    readonly title: string;
  }[];
  /** A line across the group. */
  readonly line: number;
}

export interface GroupedBarsOptions {
  readonly title: string;
  readonly description: string;
  readonly groups: readonly BarGroup[];
  readonly axis: string;
  readonly groupsAxis: string;
  /** The same for all panels, so that they can be compared. Bars that are higher are cut there and say how high. */
  readonly top: number;
}

const width = 470;
const height = 276;

/** Bars with whiskers in groups, each with a line across it. */
export function groupedBars({
  title,
  description,
  groups,
  axis,
  groupsAxis,
  top,
}: GroupedBarsOptions): Panel {
  const scale = linearScale({ from: 0, to: top, range: [height - 46, 10] });
  const area = { left: gutter({ scale, format: figure }), right: width - 4, top: 10, bottom: height - 46 };
  const step = (area.right - area.left) / groups.length;
  const body = markup`${uprightAxis(area, { scale, label: axis, format: figure })}${groups.map((group, at) =>
    drawnGroup(group, area.left + step * at, step, scale),
  )}${groupAxis(
    area,
    groups.map(({ name }) => name),
    groupsAxis,
  )}`;
  return { title, description, width, height, body };
}

function drawnGroup({ bars, line }: BarGroup, left: number, step: number, scale: Scale): Markup {
  const each = Math.min(26, (step * 0.86) / Math.max(1, bars.length));
  const inner = each * Math.max(2, bars.length);
  const first = left + (step - each * bars.length) / 2;
  const drawn = bars.map(({ learner, mean, low, high, title }, at) => {
    if (!isFigure(mean)) return null;
    const x = first + each * at;
    const box = { x: x + 0.5, y: scale.at(mean), width: each - 1, height: scale.at(0) - scale.at(mean) };
    const middle = x + each / 2;
    const look = learnerLook(learner);
    // Values of narrow neighbours stand one below the other.
    const lower = each < 8.5 && at % 2 === 1 ? 30 : 0;
    if (mean > scale.to) return markup`${bar(box, look, title)}${cut(box, figure(mean), lower)}`;
    return markup`${bar(box, look, title)}${whisker([middle, scale.at(low)], [middle, scale.at(high)])}`;
  });
  const start = left + (step - inner) / 2;
  const oracle = isFigure(line) && markup`<path d="M${start} ${scale.at(line)}h${inner}" class="oracle"/>`;
  return markup`${drawn}${oracle}`;
}

/** A gap near the top of a bar that goes on beyond the axis, and its value upright below. */
function cut({ x, y, width: across }: Box, value: string, lower: number): Markup {
  const middle = x + across / 2 + 3.5;
  return markup`<path d="M${x - 0.5} ${y + 8}l${across + 1} -4v3l${-across - 1} 4z" class="gap"/><text transform="translate(${middle} ${y + 15 + lower}) rotate(-90)" text-anchor="end" class="on-bar">${value}</text>`;
}
