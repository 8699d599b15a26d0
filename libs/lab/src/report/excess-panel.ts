import type { CurvePoint } from '../measure/results.ts';
import { drawnCurve, excessOver } from './curve.ts';
import { whole } from './format.ts';
import type { Panel } from './frame.ts';
import { linePanel } from './line-panel.ts';
import { logarithmicScale, symmetricLogScale } from './scale.ts';

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
  return linePanel({
    title,
    description,
    lines,
    level: 5,
    x: (range) => ({
      scale: logarithmicScale({ from: 1, to: last, range }),
      label: 'epochs (logarithmic)',
      format: whole,
    }),
    y: (range) => ({
      scale: symmetricLogScale({
        from: Math.min(0, ...excesses),
        to: Math.max(20, ...excesses) * 1.05,
        knee: 5,
        range,
      }),
      label: 'cost over the oracle, %',
      format: whole,
    }),
  });
}
