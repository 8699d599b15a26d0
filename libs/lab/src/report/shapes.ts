import type { Look, Shape } from './looks.ts';
import { markup, type Markup } from './markup.ts';

/** A data point of about 2 × `radius`, in the colour of the group around it. */
export function point(shape: Shape, x: number, y: number, radius: number, hollow = false): Markup {
  const paint = hollow
    ? markup`fill="var(--paper)" stroke="currentColor" stroke-width="1.5"`
    : markup`fill="currentColor" stroke="var(--paper)" stroke-width="0.75"`;
  const r = radius;
  const strokes = hollow ? 1.5 : 2.2;
  const ring =
    hollow && markup`<circle cx="${x}" cy="${y}" r="${r * 1.35}" fill="none" stroke="currentColor"/>`;
  switch (shape) {
    case 'circle':
      return markup`<circle cx="${x}" cy="${y}" r="${r}" ${paint}/>`;
    case 'square':
      return markup`<rect x="${x - r * 0.9}" y="${y - r * 0.9}" width="${r * 1.8}" height="${r * 1.8}" ${paint}/>`;
    case 'up':
      return markup`<path d="M${x} ${y - r * 1.1}l${r * 1.1} ${r * 2}h${-r * 2.2}z" ${paint}/>`;
    case 'down':
      return markup`<path d="M${x} ${y + r * 1.1}l${r * 1.1} ${-r * 2}h${-r * 2.2}z" ${paint}/>`;
    case 'diamond':
      return markup`<path d="M${x} ${y - r * 1.3}l${r * 1.3} ${r * 1.3}l${-r * 1.3} ${r * 1.3}l${-r * 1.3} ${-r * 1.3}z" ${paint}/>`;
    case 'plus':
      return markup`<path d="M${x - r} ${y}h${2 * r}M${x} ${y - r}v${2 * r}" fill="none" stroke="currentColor" stroke-width="${strokes}"/>${ring}`;
    case 'cross':
      return markup`<path d="M${x - r} ${y - r}l${2 * r} ${2 * r}M${x - r} ${y + r}l${2 * r} ${-2 * r}" fill="none" stroke="currentColor" stroke-width="${strokes}"/>${ring}`;
  }
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A filled rectangle in a look; `strength` 0..1 lightens it. `title` shows on hovering and to screen readers. */
export function bar(box: Box, look: Look, title: string, strength = 1): Markup {
  const at = markup`x="${box.x}" y="${box.y}" width="${Math.max(0, box.width)}" height="${Math.max(0, box.height)}"`;
  return markup`<g class="${look.colour}"><rect ${at} fill="currentColor" fill-opacity="${strength}"><title>${title}</title></rect>${
    look.striped && markup`<rect ${at} fill="url(#stripes)" pointer-events="none"/>`
  }</g>`;
}

/** An interval's whisker, upright or lying. */
export const whisker = (from: readonly [number, number], to: readonly [number, number]): Markup =>
  markup`<path d="M${from[0]} ${from[1]}L${to[0]} ${to[1]}" class="whisker"/>`;

/** Once a page: the stripes that bars refer to. */
export const stripes = markup`<svg width="0" height="0" class="defs" aria-hidden="true"><defs><pattern id="stripes" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="2" height="5" fill="var(--paper)" fill-opacity="0.75"/></pattern></defs></svg>`;
