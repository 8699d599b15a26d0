import { percentile } from '@weir/base';
import type { CurvePoint, LearningResult } from '@weir/simulation';

export interface PlotOptions {
  readonly title: string;
  /** All seeds of each learner, in the order of the legend. */
  readonly learning: readonly (readonly LearningResult[])[];
  /** The drift runs, the same order. */
  readonly drift: readonly (readonly LearningResult[])[];
  /** What happens in the drift runs. */
  readonly events: readonly { readonly atInteraction: number; readonly label: string }[];
}

const width = 1180;
const height = 520;
const panel = { top: 92, height: 340, width: 300 };
const lefts = [70, 450, 830];
/** Okabe & Ito 2008: told apart with any kind of colour vision. */
const colours = [
  '#0072B2',
  '#D55E00',
  '#009E73',
  '#CC79A7',
  '#E69F00',
  '#56B4E9',
  '#555555',
  '#8a6d00',
  '#7b3294',
  '#1b1b1b',
];

/** Line, gaps and a letter of the legend, as wide as they get: system fonts differ. */
const legendLineWidth = 52;
const letterWidth = 7;

interface Axis {
  readonly from: number;
  readonly to: number;
  readonly logarithmic: boolean;
  readonly ticks: readonly number[];
  readonly label: string;
}

/** Three panels: the greedy plan's excess, the regret, and a drift run; medians with the quartiles as bands. */
export function plotSvg({ title, learning, drift, events }: PlotOptions): string {
  const last = Math.max(...learning.flatMap((seeds) => seeds.map(({ curve }) => curve.at(-1)!.interaction)));
  const driftLast = Math.max(
    1,
    ...drift.flatMap((seeds) => seeds.map(({ curve }) => curve.at(-1)!.interaction)),
  );
  const interactions = logarithmicAxis(1, last, 'interactions');
  const regrets = learning.flatMap((seeds) => seeds.map(({ regretMs }) => regretMs));
  const regretTop = Math.max(1_000, ...regrets);
  const percent = logarithmicAxis(0.1, 100, 'excess over the optimum, %');
  let next = lefts[0]!;
  const legend = learning.map((seeds, at) => {
    const x = next;
    next += legendLineWidth + letterWidth * seeds[0]!.learner.length;
    return `<line x1="${x}" y1="62" x2="${x + 24}" y2="62" stroke="${colours[at % colours.length]}" stroke-width="3"/><text x="${x + 30}" y="66">${escape(seeds[0]!.learner)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="#1a1a1a">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${lefts[0]}" y="34" font-size="18" font-weight="600">${escape(title)}</text>`,
    ...legend,
    drawPanel(
      0,
      'How far the best known plan is off',
      interactions,
      percent,
      learning,
      ({ gapPct }) => gapPct,
    ),
    drawPanel(
      1,
      'Response time lost so far (regret)',
      interactions,
      logarithmicAxis(100, regretTop, 'ms'),
      learning,
      ({ regretMs }) => regretMs,
    ),
    drawPanel(
      2,
      'When the cell changes: what is run',
      { from: 0, to: driftLast, logarithmic: false, ticks: linearTicks(driftLast), label: 'interactions' },
      percent,
      drift,
      ({ excessPct }) => excessPct,
      events,
    ),
    `<text x="${lefts[0]}" y="${height - 14}" fill="#555">Lines: medians over the seeds. Bands: quartiles. Values below an axis are drawn on it. What runs below the floor loses no time and is counted as a violation instead.</text>`,
    '</svg>',
    '',
  ].join('\n');
}

function drawPanel(
  index: number,
  title: string,
  x: Axis,
  y: Axis,
  learners: readonly (readonly LearningResult[])[],
  value: (point: CurvePoint) => number,
  events: PlotOptions['events'] = [],
): string {
  const left = lefts[index]!;
  const bottom = panel.top + panel.height;
  const atX = (v: number) => (left + panel.width * share(x, v)).toFixed(1);
  const atY = (v: number) => (bottom - panel.height * share(y, v)).toFixed(1);
  const parts = [
    `<text x="${left}" y="${panel.top - 10}" font-size="14" font-weight="600">${escape(title)}</text>`,
  ];
  for (const tick of y.ticks)
    parts.push(
      `<line x1="${left}" x2="${left + panel.width}" y1="${atY(tick)}" y2="${atY(tick)}" stroke="#e3e3e3"/>`,
      `<text x="${left - 6}" y="${atY(tick)}" dy="4" text-anchor="end">${short(tick)}</text>`,
    );
  for (const tick of x.ticks)
    parts.push(
      `<line x1="${atX(tick)}" x2="${atX(tick)}" y1="${panel.top}" y2="${bottom}" stroke="#f0f0f0"/>`,
      `<text x="${atX(tick)}" y="${bottom + 16}" text-anchor="middle">${short(tick)}</text>`,
    );
  parts.push(
    `<text x="${left + panel.width / 2}" y="${bottom + 36}" text-anchor="middle">${escape(x.label)}</text>`,
    `<text transform="translate(${left - 46} ${panel.top + panel.height / 2}) rotate(-90)" text-anchor="middle">${escape(y.label)}</text>`,
  );
  learners.forEach((seeds, at) => {
    const colour = colours[at % colours.length]!;
    const steps = quartiles(seeds, value);
    const upper = steps.map(({ interaction, high }) => `${atX(interaction)},${atY(high)}`);
    const lower = steps.map(({ interaction, low }) => `${atX(interaction)},${atY(low)}`);
    const middle = steps.map(({ interaction, median }) => `${atX(interaction)},${atY(median)}`);
    parts.push(
      `<polygon points="${[...upper, ...lower.reverse()].join(' ')}" fill="${colour}" fill-opacity="0.15"/>`,
      `<polyline points="${middle.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    );
  });
  events.forEach(({ atInteraction, label }, at) => {
    const line = atX(atInteraction);
    // Towards the middle, so that no label leaves the panel; on white, so that it can be read over the curves.
    const [anchor, shift] = share(x, atInteraction) > 0.5 ? ['end', -4] : ['start', 4];
    parts.push(
      `<line x1="${line}" x2="${line}" y1="${panel.top}" y2="${bottom}" stroke="#888" stroke-dasharray="4 3"/>`,
      `<text x="${line}" y="${bottom - 24 - 16 * at}" dx="${shift}" text-anchor="${anchor}" fill="#333" stroke="#fff" stroke-width="4" paint-order="stroke">${escape(label)}</text>`,
    );
  });
  parts.push(`<path d="M${left} ${panel.top}V${bottom}H${left + panel.width}" fill="none" stroke="#333"/>`);
  return parts.join('\n');
}

function quartiles(seeds: readonly LearningResult[], value: (point: CurvePoint) => number) {
  const points = Math.min(...seeds.map(({ curve }) => curve.length));
  return Array.from({ length: points }, (_, at) => {
    const values = seeds.map(({ curve }) => value(curve[at]!));
    const [low, median, high] = [0.25, 0.5, 0.75].map((q) => percentile(values, q)) as [
      number,
      number,
      number,
    ];
    return { interaction: seeds[0]!.curve[at]!.interaction, low, median, high };
  });
}

const share = ({ from, to, logarithmic }: Axis, value: number): number => {
  const at = logarithmic
    ? Math.log(Math.max(value, from) / from) / Math.log(to / from)
    : (value - from) / (to - from);
  return Math.min(1, Math.max(0, Number.isFinite(at) ? at : 0));
};

function logarithmicAxis(from: number, last: number, label: string): Axis {
  const to = Math.max(from * 10, 10 ** Math.ceil(Math.log10(last) - 1e-9));
  const ticks: number[] = [];
  for (let tick = from; tick <= to * 1.0001; tick *= 10) ticks.push(tick);
  return { from, to, logarithmic: true, ticks, label };
}

const linearTicks = (last: number): number[] =>
  [0, 0.25, 0.5, 0.75, 1].map((part) => Math.round(part * last));

const short = (value: number): string => {
  if (value >= 1e6) return `${Number((value / 1e6).toFixed(1))} M`;
  if (value >= 1e3) return `${Number((value / 1e3).toFixed(1))} k`;
  return String(Number(value.toPrecision(2)));
};

const escape = (text: string): string =>
  text.replace(
    /[&<>"]/g,
    (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character]!,
  );
