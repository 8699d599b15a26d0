import * as Plot from '@observablehq/plot';
import { learnerLook } from './looks.ts';
import {
  type Axis,
  halo,
  lyingAxis,
  oracle,
  type Panel,
  points as marked,
  textWidth,
  uprightAxis,
  whisker,
} from './plot.ts';

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
  /** `low` to `high` as a band instead of whiskers on the marks. */
  readonly band?: boolean;
}

export interface LinePanelOptions {
  readonly title: string;
  readonly description: string;
  readonly lines: readonly Line[];
  readonly x: Axis & ScaleOf;
  readonly y: Axis & ScaleOf;
  /** A dashed line across. */
  readonly level?: number;
  /** A line of steps, each from its x on. */
  readonly steps?: readonly LinePoint[];
  readonly events?: readonly { readonly x: number; readonly label: string }[];
}

/** `nice`: the domain is widened to numbers of the axis, of which there are about so many. */
type ScaleOf = Pick<Plot.ScaleOptions, 'type' | 'constant' | 'nice'> & {
  readonly domain: readonly [number, number];
};

/** Lines over two axes, with what stands behind them: levels, steps, events. */
export function linePanel(options: LinePanelOptions): Panel {
  const { title, description, lines, x, y, level, steps = [], events = [] } = options;
  const last = x.domain[1];
  return {
    title,
    description,
    plot: {
      marginTop: 10 + 14 * events.length,
      x: { ...x, clamp: true },
      y: { ...y, clamp: true },
      marks: [
        uprightAxis(y),
        lyingAxis(x),
        events.map((event, row) => drawnEvent(event, events.length - row, event.x / last)),
        level === undefined ? null : Plot.ruleY([level], { stroke: 'var(--edge)', strokeDasharray: '4 3' }),
        lines.map(({ learner, light = [] }) =>
          Plot.dot([...light], {
            ...at,
            r: 1.8,
            fill: learnerLook(learner).colour,
            fillOpacity: 0.35,
          }),
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

const at = { x: 'x', y: 'y' } as const;
const between = { x: 'x', y1: 'low', y2: 'high' } as const;

function drawnLine({ learner, points, marks = 'some', band = false }: Line): Plot.Markish {
  const look = learnerLook(learner);
  const every = marks === 'all' ? 1 : Math.ceil(points.length / 6);
  const shown = marks === 'none' ? [] : points.filter((_, index) => (index + 1) % every === 0);
  // The oracle lies under those that come close to it: a ring around their marks.
  const r = learner === 'oracle' ? 6.5 : marks === 'all' ? 4 : 3.2;
  const spread = shown.filter(({ low, high }) => low !== undefined && high !== undefined);
  return [
    Plot.areaY(band ? [...points] : [], {
      ...between,
      fill: look.colour,
      fillOpacity: 0.15,
    }),
    Plot.line([...points], {
      ...at,
      stroke: look.colour,
      strokeWidth: 1.8,
      title: () => learner,
      ...(look.striped && { strokeDasharray: '5 3' }),
    }),
    Plot.ruleX(spread, { ...between, ...whisker }),
    marked(look, learner === 'oracle', shown, { ...at, r }),
  ];
}

/** Labels stand above the data, one a line, on the side where there is room. `share`: of the axis, 0..1. */
function drawnEvent(event: { x: number; label: string }, row: number, share: number): Plot.Markish {
  const before = 392 * share + textWidth(event.label) * 0.9 > 400;
  return [
    Plot.ruleX([event], { x: 'x', insetTop: -14 * row - 4, stroke: 'var(--edge)', strokeDasharray: '2 3' }),
    Plot.text([event], {
      x: 'x',
      text: 'label',
      frameAnchor: 'top',
      dy: -14 * row - 2,
      dx: before ? -4 : 4,
      textAnchor: before ? 'end' : 'start',
      ...halo,
      fill: 'var(--muted)',
    }),
  ];
}
