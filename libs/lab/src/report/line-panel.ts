import * as Plot from '@observablehq/plot';
import { learnerLook } from './looks.ts';
import { dotStyle, halo, oracle, type Panel, whisker } from './plot.ts';

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

export interface LinePanelOptions extends Omit<Panel, 'plot'> {
  readonly lines: readonly Line[];
  readonly x: Plot.ScaleOptions & { readonly domain: readonly [number, number] };
  readonly y: Plot.ScaleOptions;
  /** A dashed line across. */
  readonly level?: number;
  /** A line of steps, each from its x on. */
  readonly steps?: readonly LinePoint[];
  readonly events?: readonly { readonly x: number; readonly label: string }[];
}

const at = { x: 'x', y: 'y' } as const;
const between = { x: 'x', y1: 'low', y2: 'high' } as const;

/** Lines over two axes, with what stands behind them: levels, steps, events. */
export function linePanel({ title, description, ...options }: LinePanelOptions): Panel {
  const { lines, x, y, level, steps = [], events = [] } = options;
  const last = x.domain[1];
  return {
    title,
    description,
    plot: {
      marginTop: 10 + 14 * events.length,
      x: { ...x, clamp: true },
      y: { ...y, clamp: true },
      marks: [
        events.map(({ x, label }, row) => {
          const dy = 14 * (row - events.length) - 2;
          const side = x > last / 2 ? ({ textAnchor: 'end', dx: -4 } as const) : { dx: 4 };
          const text = {
            x,
            frameAnchor: 'top',
            textAnchor: 'start',
            dy,
            ...halo,
            fill: 'var(--muted)',
          } as const;
          return [
            Plot.ruleX([x], { insetTop: dy, stroke: 'var(--edge)', strokeDasharray: '2 3' }),
            Plot.text([label], { ...text, ...side }),
          ];
        }),
        level === undefined ? null : Plot.ruleY([level], { stroke: 'var(--edge)', strokeDasharray: '4 3' }),
        lines.map(({ learner, light = [] }) =>
          Plot.dot(light, { ...at, r: 1.8, fill: learnerLook(learner).colour, fillOpacity: 0.35 }),
        ),
        Plot.line([...steps, ...steps.slice(-1).map((step) => ({ ...step, x: last }))], {
          ...at,
          curve: 'step-after',
          ...oracle,
        }),
        lines.map(drawnLine),
      ],
    },
  };
}

/** The interval of points that are marked is a whisker, that of others a band. */
function drawnLine({ learner, points, marks = 'some' }: Line): Plot.Markish {
  const look = learnerLook(learner);
  const every = marks === 'all' ? 1 : Math.ceil(points.length / 6);
  const shown = marks === 'none' ? [] : points.filter((_, index) => (index + 1) % every === 0);
  const spread = points.filter(({ low, high }) => low !== undefined && high !== undefined);
  const dash = look.striped && { strokeDasharray: '5 3' };
  return [
    marks === 'none'
      ? Plot.areaY(spread, { ...between, fill: look.colour, fillOpacity: 0.15 })
      : Plot.ruleX(spread, { ...between, ...whisker }),
    Plot.line(points, { ...at, stroke: look.colour, strokeWidth: 1.8, title: () => learner, ...dash }),
    // The oracle lies under those that come close to it: a ring around their marks.
    Plot.dot(shown, { ...at, ...dotStyle(look), r: learner === 'oracle' ? 6.5 : 3.6 }),
  ];
}
