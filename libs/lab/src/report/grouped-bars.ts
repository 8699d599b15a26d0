import * as Plot from '@observablehq/plot';
import { figure, isFigure } from './format.ts';
import { learnerLook } from './looks.ts';
import { bars as filled, groupAxis, oracle, type Panel, uprightAxis, whisker } from './plot.ts';

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

/** Bars with whiskers in groups, each with a line across it. */
export function groupedBars(options: GroupedBarsOptions): Panel {
  const { title, description, groups, axis, groupsAxis } = options;
  const y = { type: 'linear', domain: [0, options.top], nice: 5, clamp: true } as const;
  // Up to the next number of the axis.
  const top = (Plot.scale({ y }).domain as [number, number])[1];
  const bars = groups
    .flatMap(({ name, bars }) => bars.map((bar) => ({ ...bar, group: name, look: learnerLook(bar.learner) })))
    .filter(({ mean }) => isFigure(mean));
  const [cut, whole] = [bars.filter(({ mean }) => mean > top), bars.filter(({ mean }) => mean <= top)];
  const learners = [...new Set(bars.map(({ learner }) => learner))];
  // Few bars do not fill the panel.
  const inset = Math.max(0.5, (340 / Math.max(1, groups.length * learners.length) - 26) / 2);
  const at = { fx: 'group', x: 'learner' };
  return {
    title,
    description,
    plot: {
      marginRight: 4,
      fx: { domain: groups.map(({ name }) => name), padding: 0.14 },
      x: { domain: learners, axis: null, padding: 0 },
      y,
      marks: [
        uprightAxis({ label: axis, tickFormat: figure }),
        filled(Plot.barY, bars, { ...at, y1: () => 0, y2: 'mean', insetLeft: inset, insetRight: inset }),
        Plot.ruleX(whole, { ...at, y1: 'low', y2: 'high', ...whisker }),
        Plot.tickY(cut, { ...at, y: () => top, dy: 6, stroke: 'var(--paper)', strokeWidth: 3 }),
        Plot.text(cut, {
          ...at,
          y: () => top,
          text: ({ mean }: { mean: number }) => figure(mean),
          rotate: -90,
          dy: 11,
          textAnchor: 'end',
          fontSize: 9.5,
          fill: '#111',
        }),
        Plot.ruleY(
          groups.filter(({ line }) => isFigure(line)),
          { fx: 'name', y: 'line', title: ({ line }: BarGroup) => `oracle: ${figure(line)}`, ...oracle },
        ),
        groupAxis(groupsAxis),
      ],
    },
  };
}
