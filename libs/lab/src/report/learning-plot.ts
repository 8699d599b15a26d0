import { percentile } from '@weir/base';
import type { CurvePoint, LearningResult } from '@weir/simulation';
import { lineLegend, swatch } from './figure.ts';
import { type LinePanelOptions, linePanel } from './line-panel.ts';
import { markup, type Part } from './markup.ts';
import { decadeTicks, drawing, textWidth } from './plot.ts';
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
  const last = lastOf(learning);
  const interactions = { ...logarithmic([1, Math.max(10, last)]), label: 'interactions' };
  const percent = { ...logarithmic([0.1, 100]), label: 'excess over the optimum, %' };
  const regretMs = Math.max(1_000, ...learning.flat().map(({ regretMs: lost }) => lost));
  const panels = [
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
      y: { ...logarithmic([100, 10 ** Math.ceil(Math.log10(regretMs) - 1e-9)]), label: 'ms' },
    },
    {
      title: 'When the cell changes: what is run',
      lines: medians(drift, ({ excessPct }) => excessPct),
      x: { domain: [0, lastOf(drift)], label: 'interactions', tickFormat: short },
      y: percent,
      events: events.map(({ atInteraction, label }) => ({ x: atInteraction, label })),
    },
  ] satisfies Omit<LinePanelOptions, 'description'>[];
  const names = learning.map((seeds) => seeds[0]!.learner);
  const text =
    markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1490 400" width="1490" height="400" font-family="system-ui, sans-serif" font-size="12" fill="var(--ink)">
<style>text{paint-order:stroke;stroke-linejoin:round}</style>
<rect width="1490" height="400" fill="var(--paper)"/>
<text x="16" y="30" font-size="18" font-weight="600">${title}</text>
${legend(names)}
${panels.map((panel, at) => drawnPanel({ ...panel, description: `${panel.title}, of ${names.join(', ')}.` }, at))}
<text x="16" y="388" fill="var(--muted)">Lines: medians over the seeds. Bands: quartiles. Values below an axis are drawn on it. What runs below the floor loses no time and is counted as a violation instead.</text>
</svg>
`.text;
  return text.replace(/var\(--(\w+)\)/g, (_, name: string) => light[name]!);
}

function legend(names: readonly string[]): Part {
  let next = 16;
  return lineLegend(names).map(({ name, marks }) => {
    const x = next;
    next += 46 + textWidth(name);
    return markup`<g transform="translate(${x} 46)">${swatch(marks)}<text x="28" y="11">${name}</text></g>`;
  });
}

const drawnPanel = (panel: LinePanelOptions, at: number): Part =>
  markup`<text x="${16 + 490 * at}" y="86" font-size="14" font-weight="600">${panel.title}</text>
<g transform="translate(${10 + 490 * at} 94)">${drawing(linePanel(panel), `panel-${at}`)}</g>`;

const lastOf = (learners: LearningPlotOptions['learning']): number =>
  Math.max(1, ...learners.flat().map(({ curve }) => curve.at(-1)!.interaction));

/** The median of each point of the curves, with the quartiles. */
const medians = (learners: LearningPlotOptions['learning'], value: (point: CurvePoint) => number) =>
  learners.map((seeds) => ({
    learner: seeds[0]!.learner,
    marks: 'none' as const,
    band: true,
    points: seeds[0]!.curve.flatMap(({ interaction }, at) => {
      const points = seeds.flatMap(({ curve }) => curve[at] ?? []);
      if (points.length < seeds.length) return [];
      const quantile = (q: number) => percentile(points.map(value), q);
      return { x: interaction, y: quantile(0.5), low: quantile(0.25), high: quantile(0.75) };
    }),
  }));

/** 2000 → "2K". */
const compact = new Intl.NumberFormat('en', { notation: 'compact' });
const short = (value: number): string =>
  value < 1 ? String(Number(value.toPrecision(2))) : compact.format(value);

const logarithmic = (domain: readonly [number, number]) =>
  ({ type: 'log', domain, ticks: decadeTicks(...domain), tickFormat: short }) as const;
