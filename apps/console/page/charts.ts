import { hops } from '@weir/domain/hops';
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import type { LearnerView, Point } from '../src/snapshot.ts';
import { html } from './html.ts';
import { count, ms, percent } from './words.ts';

/** One line, or one layer of a stack. */
interface Curve {
  readonly name: string;
  /** CSS custom property of its colour. */
  readonly colour: string;
  readonly value: (point: Point) => number | null;
  readonly dashed?: boolean;
}

interface ChartProps {
  title: string;
  note: string;
  points: readonly Point[];
  curves: readonly Curve[];
  show: (value: number | null | undefined) => string;
  stacked?: boolean;
  /** Lowest span of the vertical axis. */
  leastSpan?: number;
  fromZero?: boolean;
}

export const ResponseChart = ({ points }: { points: readonly Point[] }): VNode =>
  html`<${Chart}
    title="Response time"
    note="of the last 5 s, as the agents measured it"
    points=${points}
    show=${ms}
    fromZero=${true}
    curves=${[
      { name: 'p95', colour: '--series-3', value: ({ p95Ms }: Point) => p95Ms },
      { name: 'mean', colour: '--series-1', value: ({ meanMs }: Point) => meanMs },
      { name: 'p50', colour: '--series-2', value: ({ p50Ms }: Point) => p50Ms },
    ]}
  />`;

export const AccuracyChart = ({ points }: { points: readonly Point[] }): VNode =>
  html`<${Chart}
    title="Accuracy against the floor"
    note="of the last 30 s: promised by the agents, and right by the labels; below the floor only while balance earned before pays for it"
    points=${points}
    show=${percent}
    leastSpan=${0.06}
    curves=${[
      { name: 'expected', colour: '--series-1', value: ({ expectedAccuracy }: Point) => expectedAccuracy },
      { name: 'right', colour: '--series-2', value: ({ right }: Point) => right },
      { name: 'floor', colour: '--bad', value: ({ floor }: Point) => floor, dashed: true },
    ]}
  />`;

export const HopsChart = ({ points }: { points: readonly Point[] }): VNode =>
  html`<${Chart}
    title="Where the time goes"
    note="mean of each hop, stacked to the response time"
    points=${points}
    show=${ms}
    stacked=${true}
    fromZero=${true}
    curves=${hops.map(({ name }, index) => ({
      name,
      colour: `--hop-${name}`,
      value: ({ hopsMs }: Point) => hopsMs?.[index] ?? null,
    }))}
  />`;

const began = ({ priorCells }: LearnerView) =>
  priorCells > 0
    ? `; began with what ${count(priorCells)} other ${priorCells === 1 ? 'cell' : 'cells'} learned`
    : '';

export const LearnerChart = ({
  points,
  learner,
}: {
  points: readonly Point[];
  learner: LearnerView | null;
}): VNode =>
  html`<${Chart}
    title="What the learner learns"
    note=${
      learner
        ? `${count(learner.plans)} plans, ${count(learner.exploringPlans)} of them and ${count(learner.exploringFrames)} frames exploring; ${count(learner.driftAlarms)} drift alarms; planning takes ${ms(learner.planningMs)}${began(learner)}`
        : 'nothing from the learner yet'
    }
    points=${points}
    show=${percent}
    fromZero=${true}
    leastSpan=${0.05}
    curves=${[
      {
        name: 'prediction error',
        colour: '--series-1',
        value: ({ predictionError }: Point) => predictionError,
      },
      {
        name: 'exploration share of the time',
        colour: '--series-2',
        value: ({ explorationShare }: Point) => explorationShare,
      },
    ]}
  />`;

const chartHeight = 190;

function Chart({
  title,
  note,
  points,
  curves,
  show,
  stacked = false,
  leastSpan = 0,
  fromZero = false,
}: ChartProps): VNode {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const [pointed, setPointed] = useState<number | null>(null);
  const scheme = useScheme();
  useEffect(() => {
    const holder = place.current!;
    const created = new uPlot(
      optionsOf({
        curves,
        stacked,
        leastSpan,
        fromZero,
        show,
        width: holder.clientWidth,
        onPoint: setPointed,
      }),
      dataOf(points, curves, stacked),
      holder,
    );
    plot.current = created;
    const observer = new ResizeObserver(() =>
      created.setSize({ width: holder.clientWidth, height: chartHeight }),
    );
    observer.observe(holder);
    return () => {
      observer.disconnect();
      created.destroy();
    };
    // The curves of a chart are always the same; its colours change with the scheme.
  }, [scheme]);
  useEffect(() => plot.current?.setData(dataOf(points, curves, stacked)), [points, scheme]);

  const shown = pointed === null ? points.at(-1) : points[pointed];
  const empty = points.every((point) => curves.every(({ value }) => value(point) === null));
  const values = curves.map(({ name, value }) => `${name} ${show(shown ? value(shown) : null)}`).join(', ');
  return html`<figure class="chart" aria-label=${`${title}: ${values}`}>
    <figcaption>
      <h2>${title}</h2>
      <ul class="legend">
        ${curves.map(
          ({ name, colour, value }) =>
            html`<li key=${name}>
              <i class=${`c${colour}`}></i>${name} <b>${show(shown ? value(shown) : null)}</b>
            </li>`,
        )}
      </ul>
    </figcaption>
    <div class="plot" ref=${place} aria-hidden="true"></div>
    ${empty && html`<p class="empty over">Nothing measured yet.</p>`}
    <small>${note}</small>
  </figure>`;
}

/** Seconds, then a row for each curve; of a stack the sums from below, the highest first so that none hides another. */
function dataOf(points: readonly Point[], curves: readonly Curve[], stacked: boolean): uPlot.AlignedData {
  const times = points.map(({ at }) => at / 1_000);
  const rows = curves.map(({ value }) => points.map(value));
  if (!stacked) return [times, ...rows];
  const sums = rows.map((_, layer) =>
    points.map((_point, index) => {
      let sum = 0;
      for (const row of rows.slice(0, layer + 1)) {
        const value = row[index];
        if (value === null || value === undefined) return null;
        sum += value;
      }
      return sum;
    }),
  );
  return [times, ...sums.reverse()];
}

interface PlotOptions {
  curves: readonly Curve[];
  stacked: boolean;
  leastSpan: number;
  fromZero: boolean;
  show: (value: number) => string;
  width: number;
  onPoint: (index: number | null) => void;
}

function optionsOf({
  curves,
  stacked,
  leastSpan,
  fromZero,
  show,
  width,
  onPoint,
}: PlotOptions): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: colour('--muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { stroke: colour('--line'), width: 1 },
    font: '11px system-ui, sans-serif',
  };
  const drawn = stacked ? curves.toReversed() : curves;
  return {
    width,
    height: chartHeight,
    legend: { show: false },
    cursor: { y: false, drag: { setScale: false } },
    scales: { y: { range: (_plot, least, most) => spanOf(least, most, { leastSpan, fromZero }) } },
    axes: [
      {
        ...axis,
        values: (_plot, splits) => splits.map((at) => new Date(at * 1_000).toLocaleTimeString('en-GB')),
        space: 90,
        size: 30,
      },
      { ...axis, size: 58, values: (_plot, splits) => splits.map((value) => show(value)) },
    ],
    series: [
      {},
      ...drawn.map(({ name, colour: property, dashed }) => ({
        label: name,
        stroke: colour(property),
        width: stacked ? 0 : 2,
        ...(stacked ? { fill: colour(property) } : {}),
        ...(dashed ? { dash: [6, 4] } : {}),
        points: { show: false },
      })),
    ],
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
  };
}

function spanOf(
  least: number | null,
  most: number | null,
  { leastSpan, fromZero }: { leastSpan: number; fromZero: boolean },
): [number, number] {
  if (least === null || most === null) return [0, 1];
  const low = fromZero ? 0 : least;
  const span = Math.max(most - low, leastSpan, 1e-9);
  const middle = (most + low) / 2;
  return fromZero ? [0, span * 1.1] : [middle - span * 0.6, middle + span * 0.6];
}

function useScheme(): 'dark' | 'light' {
  const query = '(prefers-color-scheme: dark)';
  const [dark, setDark] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const changed = () => setDark(media.matches);
    media.addEventListener('change', changed);
    return () => media.removeEventListener('change', changed);
  }, []);
  return dark ? 'dark' : 'light';
}
