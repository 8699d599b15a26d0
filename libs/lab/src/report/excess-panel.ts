import type { CurvePoint } from '../measure/results.ts';
import { drawnCurve, excessOver } from './curve.ts';
import { whole } from './format.ts';
import { linePanel } from './line-panel.ts';
import { decadeTicks, type Panel } from './plot.ts';

export interface ExcessPanelOptions {
  readonly title: string;
  readonly description: string;
  readonly oracleMs: number;
  readonly curves: readonly { readonly name: string; readonly curve: readonly CurvePoint[] }[];
}

/** How far the best joint placements known are off the oracle's, over epochs: learning curves. */
export function excessPanel({ title, description, oracleMs, curves }: ExcessPanelOptions): Panel {
  const lines = curves.map(({ name, curve }) => ({
    learner: name,
    // What is known does not depend on whether the epoch tried something else.
    ...drawnCurve(
      curve.map((point) => ({ ...point, explored: false })),
      excessOver(oracleMs),
      { logarithmic: true },
    ),
  }));
  const excesses = lines.flatMap(({ points, light }) => [...points, ...light]).map(({ y }) => y);
  const last = Math.max(2, ...curves.map(({ curve }) => curve.at(-1)?.epoch ?? 1));
  const [from, to] = [Math.min(0, ...excesses), Math.max(20, ...excesses) * 1.05];
  return linePanel({
    title,
    description,
    lines,
    level: 5,
    x: {
      type: 'log',
      domain: [1, last],
      ticks: decadeTicks(1, last),
      label: 'epochs (logarithmic)',
      tickFormat: whole,
    },
    y: {
      type: 'symlog',
      constant: 5,
      domain: [from, to],
      ticks: marks.filter((mark) => mark >= from && mark <= to),
      label: 'cost over the oracle, %',
      tickFormat: whole,
    },
  });
}

const marks = [-50, -20, -5, 0, 5, 20, 50, 100, 200, 500, 1_000, 5_000];
