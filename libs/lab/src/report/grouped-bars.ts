import * as Plot from '@observablehq/plot';
import { figure, isFigure } from './format.ts';
import { type Bar, bars, oracle, type Panel, whisker } from './plot.ts';

export interface GroupedBar extends Bar {
  readonly group: string;
  readonly learner: string;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export interface GroupLine {
  readonly group: string;
  readonly value: number;
}

export interface GroupedBarsOptions extends Omit<Panel, 'plot'> {
  readonly groups: readonly GroupedBar[];
  /** Across each group. */
  readonly lines: readonly GroupLine[];
  readonly axis: string;
  readonly groupsAxis: string;
  /** The same for all panels, so that they can be compared. Bars that are higher are cut there and say how high. */
  readonly top: number;
}

/** Bars with whiskers in groups, each with a line across it. */
export function groupedBars({ title, description, top, ...options }: GroupedBarsOptions): Panel {
  const shown = options.groups.filter(({ mean }) => isFigure(mean));
  const groups = options.lines.map(({ group }) => group);
  const learners = [...new Set(shown.map(({ learner }) => learner))];
  // Few bars do not fill the panel.
  const inset = Math.max(0.5, (340 / Math.max(1, groups.length * learners.length) - 26) / 2);
  const at = { fx: 'group', x: 'learner' };
  const cut = shown.filter(({ mean }) => mean > top);
  const above = { ...at, y: () => top, rotate: -90, dy: 11, textAnchor: 'end', fontSize: 9.5 } as const;
  return {
    title,
    description,
    plot: {
      marginRight: 4,
      fx: {
        domain: groups,
        padding: 0.14,
        axis: 'bottom',
        label: options.groupsAxis,
        tickPadding: 10,
        ...below,
      },
      x: { domain: learners, axis: null, padding: 0 },
      y: { domain: [0, top], clamp: true, label: options.axis, tickFormat: figure },
      marks: [
        bars(Plot.barY, shown, { ...at, y1: 0, y2: 'mean', insetLeft: inset, insetRight: inset }),
        Plot.ruleX(shown, {
          ...at,
          filter: ({ mean }: GroupedBar) => mean <= top,
          y1: 'low',
          y2: 'high',
          ...whisker,
        }),
        Plot.tickY(cut, { ...at, y: () => top, dy: 6, stroke: 'var(--paper)', strokeWidth: 3 }),
        Plot.text(cut, { ...above, text: ({ mean }: GroupedBar) => figure(mean), fill: '#111' }),
        Plot.ruleY(options.lines, {
          filter: ({ value }: GroupLine) => isFigure(value),
          fx: 'group',
          y: 'value',
          title: ({ value }: GroupLine) => `oracle: ${figure(value)}`,
          ...oracle,
        }),
        Plot.ruleY([0], { stroke: 'var(--edge)' }),
      ],
    },
  };
}

const below = { labelAnchor: 'center', labelArrow: 'none', labelOffset: 38 } as const;
