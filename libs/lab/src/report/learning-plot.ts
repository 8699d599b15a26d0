import type { LearningResult } from '@weir/simulation';
import { medians } from './curve.ts';
import { lineLegend, swatch } from './figure.ts';
import { type LinePanelOptions, linePanel } from './line-panel.ts';
import { markup } from './markup.ts';
import { drawing, textWidth } from './plot.ts';
import { light } from './style.ts';

export interface LearningPlotOptions {
  readonly title: string;
  /** All seeds of each learner, in the order of the legend. */
  readonly learning: readonly (readonly LearningResult[])[];
  /** The drift runs, the same order. */
  readonly drift: readonly (readonly LearningResult[])[];
  /** What happens in the drift runs. */
  readonly events: readonly { readonly atInteraction: number; readonly label: string }[];
}

/**
 * An SVG file of three panels: the greedy plan's excess, the regret, and a drift run; medians over the seeds with the
 * quartiles as bands. Its colours are written out, as many viewers know no custom properties.
 */
export function learningPlotSvg({ title, learning, drift, events }: LearningPlotOptions): string {
  const interactions = {
    ...logarithmic,
    domain: [1, Math.max(10, lastOf(learning))],
    label: 'interactions',
  } as const;
  const percent = { ...logarithmic, domain: [0.1, 100], label: 'excess over the optimum, %' };
  const regretMs = Math.max(1_000, ...learning.flat().map(({ regretMs: lost }) => lost));
  const panels: Omit<LinePanelOptions, 'description'>[] = [
    {
      title: 'How far the best known plan is off',
      lines: medians(learning, ({ gapPct }) => gapPct),
      x: interactions,
      y: percent,
    },
    {
      title: 'Response time lost so far (regret)',
      lines: medians(learning, ({ regretMs: lost }) => lost),
      x: interactions,
      y: { ...logarithmic, domain: [100, 10 ** Math.ceil(Math.log10(regretMs) - 1e-9)], label: 'ms' },
    },
    {
      title: 'When the cell changes: what is run',
      lines: medians(drift, ({ excessPct }) => excessPct),
      x: { domain: [0, lastOf(drift)], label: 'interactions', tickFormat: short },
      y: percent,
      events: events.map(({ atInteraction, label }) => ({ x: atInteraction, label })),
    },
  ];
  const names = learning.map((seeds) => seeds[0]!.learner);
  const starts = names.map(
    (_, at) => 16 + names.slice(0, at).reduce((x, name) => x + 46 + textWidth(name), 0),
  );
  const legend = lineLegend(names).map(
    ({ name, marks }, at) =>
      markup`<g transform="translate(${starts[at]} 46)">${swatch(marks)}<text x="28" y="11">${name}</text></g>`,
  );
  const drawn = panels.map((panel, at) => {
    const description = `${panel.title}, of ${names.join(', ')}.`;
    return markup`<text x="${16 + 490 * at}" y="86" font-size="14" font-weight="600">${panel.title}</text>
<g transform="translate(${10 + 490 * at} 94)">${drawing(linePanel({ ...panel, description }), `panel-${at}`)}</g>`;
  });
  const { text } =
    markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1490 400" width="1490" height="400" font-family="system-ui, sans-serif" font-size="12" fill="var(--ink)" color="var(--ink)">
<style>text{paint-order:stroke;stroke-linejoin:round}</style>
<rect width="1490" height="400" fill="var(--paper)"/>
<text x="16" y="30" font-size="18" font-weight="600">${title}</text>
${legend}
${drawn}
<text x="16" y="388" fill="var(--muted)">Lines: medians over the seeds. Bands: quartiles. Values below an axis are drawn on it. What runs below the floor loses no time and is counted as a violation instead.</text>
</svg>
`;
  return text.replace(/var\(--(\w+)\)/g, (_, name: string) => light[name]!);
}

const lastOf = (learners: LearningPlotOptions['learning']): number =>
  Math.max(1, ...learners.flat().map(({ curve }) => curve.at(-1)!.interaction));

/** 2000 → "2K". */
const compact = new Intl.NumberFormat('en', { notation: 'compact' });
const short = (value: number): string =>
  value < 1 ? String(Number(value.toPrecision(2))) : compact.format(value);

const logarithmic = { type: 'log', tickFormat: short } as const;
