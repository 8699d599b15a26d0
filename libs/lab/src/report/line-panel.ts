import * as Plot from '@observablehq/plot';
import { learnerLook } from './looks.ts';
import { type Axis, halo, lineStyle, pointStyle, reference } from './plot.ts';

export interface LinePoint {
  readonly x: number;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
  /** Beside it, and on hovering over it. */
  readonly text?: string;
  readonly title?: string;
}

export interface Line {
  readonly learner: string;
  readonly points: readonly LinePoint[];
  /** Drawn light, not joined. */
  readonly light?: readonly LinePoint[];
  /** @default true */
  readonly joined?: boolean;
}

/** What stands behind the lines: a level, a line of steps that each hold from their x on, and events. */
export interface Behind {
  readonly level?: number;
  readonly steps?: readonly LinePoint[];
  readonly events?: readonly { readonly x: number; readonly label: string }[];
}

const at = { x: 'x', y: 'y' } as const;
const between = { x: 'x', y1: 'low', y2: 'high' } as const;
const muted = { ...halo, fill: 'var(--muted)' };
const beside = { text: 'text', dx: -7, dy: -7, textAnchor: 'end' } as const;

/** Lines over two axes; what lies beyond an axis is drawn on its edge. */
export function lines(of: readonly Line[], x: Axis, y: Axis, behind: Behind = {}): Plot.PlotOptions {
  const { level, steps = [], events = [] } = behind;
  const last = x.domain[1];
  const held = [...steps, ...steps.slice(-1).map((step) => ({ ...step, x: last }))];
  return {
    marginTop: 10 + 14 * events.length,
    x: { ...x, clamp: true },
    y: { ...y, clamp: true },
    marks: [
      events.map(({ x, label }, row) => {
        const dy = 14 * (row - events.length) - 2;
        const [textAnchor, dx] = x > last / 2 ? (['end', -4] as const) : (['start', 4] as const);
        return [
          Plot.ruleX([x], { insetTop: dy, stroke: 'var(--edge)', strokeDasharray: '2 3' }),
          Plot.text([label], { x, dx, dy, frameAnchor: 'top', textAnchor, ...muted }),
        ];
      }),
      Plot.ruleY(level === undefined ? [] : [level], { stroke: 'var(--edge)', strokeDasharray: '4 3' }),
      of.map(({ learner, light }) =>
        Plot.dot(light ?? [], { ...at, r: 1.8, fill: learnerLook(learner).colour, fillOpacity: 0.35 }),
      ),
      Plot.line(held, { ...at, curve: 'step-after', ...reference }),
      of.map(drawnLine),
      of.map(({ points }) => Plot.text(points, { ...at, ...beside, ...halo })),
    ],
  };
}

/** Few points are all marked, with their intervals; of many some are, and a band is the interval. */
function drawnLine({ learner, points, joined = true }: Line): Plot.Markish {
  const look = learnerLook(learner);
  const every = Math.ceil(points.length / 8);
  const marked = points.filter((_, index) => (index + 1) % every === 0);
  return [
    every > 1
      ? Plot.areaY(points, { ...between, fill: look.colour, fillOpacity: 0.15 })
      : Plot.ruleX(points, { ...between, stroke: look.colour, strokeOpacity: 0.5 }),
    Plot.line(joined ? points : [], { ...at, ...lineStyle(look), title: () => learner }),
    // The oracle lies under those that come close to it: a ring around their marks.
    Plot.dot(marked, { ...at, ...pointStyle(look), r: learner === 'oracle' ? 6.5 : 4, title: 'title' }),
  ];
}
