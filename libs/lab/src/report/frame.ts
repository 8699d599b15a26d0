import { markup, type Markup, type Part } from './markup.ts';
import type { Scale } from './scale.ts';

/** One drawing of a figure. */
export interface Panel {
  readonly title: string;
  /** What is seen, for those who do not see it. */
  readonly description: string;
  readonly width: number;
  readonly height: number;
  readonly body: Markup;
}

/** Where the data lies inside a panel. */
export interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Axis {
  readonly scale: Scale;
  readonly label: string;
  readonly format: (value: number) => string;
}

/** Roughly, with room for wide faces and for the larger text of narrow screens. */
export const textWidth = (text: string): number => text.length * 7.4;

/** Width of the numbers left of an upright axis, with the room for its label. */
export const gutter = ({ scale, format }: Pick<Axis, 'scale' | 'format'>): number =>
  26 + Math.max(...scale.ticks.map((tick) => textWidth(format(tick))));

/** Numbers and grid lines of the upright axis; its label stands upright beside it. */
export function uprightAxis({ left, right, top, bottom }: Area, { scale, label, format }: Axis): Markup {
  const ticks = scale.ticks.map((tick) => {
    const y = scale.at(tick);
    return markup`<path d="M${left} ${y}H${right}" class="grid"/><text x="${left - 6}" y="${y + 4}" text-anchor="end" class="tick">${format(tick)}</text>`;
  });
  return markup`${ticks}<text transform="translate(12 ${(top + bottom) / 2}) rotate(-90)" text-anchor="middle" class="label">${label}</text>`;
}

/** Numbers, marks and label of the lying axis; with `grid` its lines too. */
export function lyingAxis(
  { left, right, top, bottom }: Area,
  { scale, label, format }: Axis,
  { grid = false } = {},
): Markup {
  const ticks = scale.ticks.map((tick) => {
    const x = scale.at(tick);
    return markup`<path d="M${x} ${grid ? top : bottom}V${bottom + 4}" class="${grid ? 'grid' : 'axis'}"/><text x="${x}" y="${bottom + 17}" text-anchor="middle" class="tick">${format(tick)}</text>`;
  });
  return markup`${ticks}<path d="M${left} ${bottom}H${right}" class="axis"/>${axisLabel({ left, right, top, bottom }, label)}`;
}

/** Names of groups along the lying axis. */
export function groupAxis(area: Area, names: readonly string[], label: string): Markup {
  const step = (area.right - area.left) / names.length;
  const texts = names.map(
    (name, at) =>
      markup`<text x="${area.left + step * (at + 0.5)}" y="${area.bottom + 17}" text-anchor="middle">${name}</text>`,
  );
  return markup`${texts}<path d="M${area.left} ${area.bottom}H${area.right}" class="axis"/>${axisLabel(area, label)}`;
}

/** Label below the lying axis. */
const axisLabel = ({ left, right, bottom }: Area, label: string): Markup =>
  markup`<text x="${(left + right) / 2}" y="${bottom + 34}" text-anchor="middle" class="label">${label}</text>`;

/** A panel under its title. The drawing's text grows and shrinks with it. */
export function drawn({ title, description, width, height, body }: Panel, id: string): Part {
  return markup`<div><p class="panel-title" aria-hidden="true">${title}</p><svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title ${id}-desc"><title id="${id}-title">${title}</title><desc id="${id}-desc">${description}</desc>${body}</svg></div>`;
}
