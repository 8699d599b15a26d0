import type { PlotOptions } from '@observablehq/plot';
import { percentile } from '@weir/base';
import type { LearningResult } from '@weir/simulation';
import { learnersLegend, maskedNote, swatch } from './figure.ts';
import { type Line, lines } from './line-panel.ts';
import { markup } from './markup.ts';
import { drawing } from './plot.ts';
import { light } from './style.ts';

/** All seeds of each learner. */
type Runs = readonly (readonly LearningResult[])[];

export interface LearningPlotOptions {
  readonly title: string;
  /** In the order of the legend. */
  readonly learning: Runs;
  /** The drift runs, the same order. */
  readonly drift: Runs;
  /** What happens in the drift runs. */
  readonly events: readonly { readonly atInteraction: number; readonly label: string }[];
}

/**
 * An SVG file of three panels: the greedy plan's excess, the regret, and a drift run; medians over the seeds with the
 * quartiles as bands. Its colours are written out, as many viewers know no custom properties.
 */
export function learningPlotSvg({ title, learning, drift, events }: LearningPlotOptions): string {
  const last = (runs: Runs) => Math.max(10, ...runs.flat().map(({ curve }) => curve.at(-1)!.interaction));
  const lostMs = Math.max(1_000, ...learning.flat().map(({ regretMs }) => regretMs));
  const logarithmic = { type: 'log', tickFormat: String } as const;
  const interactions = { ...logarithmic, domain: [1, last(learning)], label: 'interactions' } as const;
  const lasting = { domain: [0, last(drift)], label: 'interactions', tickFormat: String } as const;
  const percent = { ...logarithmic, domain: [0.1, 100], label: 'excess over the optimum, %' } as const;
  const lost = { ...logarithmic, domain: [100, lostMs], nice: true, label: 'lost, ms' } as const;
  const [known, regret] = [medians(learning, 'gapPct'), medians(learning, 'regretMs')];
  const what = { events: events.map(({ atInteraction, label }) => ({ x: atInteraction, label })) };
  const panels: readonly (readonly [title: string, plot: PlotOptions])[] = [
    ['How far the best known plan is off', lines(known, interactions, percent)],
    ['Response time lost so far (regret)', lines(regret, interactions, lost)],
    ['When the cell changes: what is run', lines(medians(drift, 'excessPct'), lasting, percent, what)],
  ];
  const legend = learnersLegend(
    'line',
    learning.map((seeds) => seeds[0]!.learner),
  );
  const apart = Math.min(190, 1474 / legend.length);
  const description = `Medians and quartiles of ${legend.map(({ name }) => name).join(', ')}.`;
  const { text } =
    markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1490 400" width="1490" height="400" font-family="system-ui, sans-serif" font-size="12" fill="var(--ink)" color="var(--ink)">
<style>text{paint-order:stroke;stroke-linejoin:round}</style>
<rect width="1490" height="400" fill="var(--paper)"/>
<text x="16" y="30" font-size="18" font-weight="600">${title}</text><text x="1474" y="30" text-anchor="end" fill="var(--muted)">${maskedNote(legend)}</text>
${legend.map((entry, at) => markup`<g transform="translate(${16 + apart * at} 46)">${swatch(entry)}<text x="28" y="11">${entry.name}</text></g>`)}
${panels.map(([title, plot], at) => markup`<text x="${16 + 490 * at}" y="86" font-size="14" font-weight="600">${title}</text><g transform="translate(${10 + 490 * at} 94)">${drawing({ title, description, plot }, `panel-${at}`)}</g>\n`)}<text x="16" y="388" fill="var(--muted)">Lines: medians over the seeds. Bands: quartiles. Values outside an axis are drawn on its edge. What runs below the floor loses no time and is counted as a violation instead.</text>
</svg>
`;
  return text.replace(/var\(--(\w+)\)/g, (_, name: string) => light[name]!);
}

/** The median of each point of the curves, with the quartiles. */
const medians = (runs: Runs, of: 'gapPct' | 'regretMs' | 'excessPct'): Line[] =>
  runs.map((seeds) => ({
    learner: seeds[0]!.learner,
    points: seeds[0]!.curve.flatMap(({ interaction: x }, at) => {
      const values = seeds.flatMap(({ curve }) => curve[at]?.[of] ?? []);
      const [low, y, high] = [0.25, 0.5, 0.75].map((q) => percentile(values, q)) as [number, number, number];
      return values.length < seeds.length ? [] : [{ x, y, low, high }];
    }),
  }));
