import type { CurvePoint } from '../measure/results.ts';
import { drawnCurve, excessOver } from './curve.ts';
import { whole } from './format.ts';
import { linePanel } from './line-panel.ts';
import type { Panel } from './plot.ts';

export interface ExcessPanelOptions extends Omit<Panel, 'plot'> {
  readonly oracleMs: number;
  readonly curves: readonly { readonly name: string; readonly curve: readonly CurvePoint[] }[];
}

const marks = [-50, -20, -5, 0, 5, 20, 50, 100, 200, 500, 1_000, 5_000];

/** How far the best joint placements known are off the oracle's, over epochs: learning curves. */
export function excessPanel({ oracleMs, curves, ...about }: ExcessPanelOptions): Panel {
  const lines = curves.map(({ name, curve }) => {
    // What is known does not depend on whether the epoch tried something else.
    const known = curve.map((point) => ({ ...point, explored: false }));
    return { learner: name, ...drawnCurve(known, excessOver(oracleMs), { logarithmic: true }) };
  });
  const excesses = lines.flatMap(({ points }) => points.map(({ y }) => y));
  const last = Math.max(2, ...curves.map(({ curve }) => curve.at(-1)?.epoch ?? 1));
  const [from, to] = [Math.min(0, ...excesses), Math.max(20, ...excesses) * 1.05];
  const ticks = marks.filter((mark) => mark >= from && mark <= to);
  return linePanel({
    ...about,
    lines,
    level: 5,
    x: { type: 'log', domain: [1, last], label: 'epochs (logarithmic)', tickFormat: whole },
    y: {
      type: 'symlog',
      constant: 5,
      domain: [from, to],
      ticks,
      label: 'cost over the oracle, %',
      tickFormat: whole,
    },
  });
}
