import type { ProcessEvent, Tally, Totals } from '@weir/cell';
import type { agent } from '@weir/proto';
import { ms, percent } from '../words.ts';
import { drawTable, number, text } from './live-table.ts';

/** What the live view shows of one device. */
export interface DeviceView {
  readonly id: string;
  readonly tally: Tally;
  /** What its agent measured against the pictures' labels; undefined before the first report. */
  readonly measured?: agent.MeasuredAccuracy | undefined;
}

type Row = Pick<DeviceView, 'id' | 'measured'> & Pick<Tally, 'last'> & { readonly totals: Totals };

const columns = [
  text<Row>('device', ({ id }) => id),
  text<Row>('tier', ({ totals }) => mostly(totals.placements, ({ tier }) => tier)),
  text<Row>('variant', ({ totals }) => mostly(totals.placements, ({ variant }) => variant)),
  number<Row>('answered', ({ totals }) => totals.succeeded),
  number<Row>('failed', ({ totals }) => totals.failed),
  number<Row>('p50', ({ totals }) => ms(totals.responseMs.p50)),
  number<Row>('p95', ({ totals }) => ms(totals.responseMs.p95)),
  number<Row>('right', ({ totals }) => percent(totals.accuracy.top1)),
  number<Row>('at least', ({ measured }) => percent(measured?.lowerBound)),
  number<Row>('expected', ({ totals }) => percent(totals.accuracy.expected)),
  number<Row>('balance', ({ last }) => last?.decision?.balance.toFixed(2) ?? '–'),
  number<Row>('2nd look', ({ totals }) => percent(totals.looks.escalationShare, 0)),
  text<Row>('because', ({ totals }) => mostFrequent(totals.reasons)),
];
/** Columns that a narrow terminal drops, in this order. */
const dispensable = ['balance', 'because', 'at least', 'expected', 'failed', 'p95', '2nd look', 'variant'];

/** The live table, a row per device: where most of its frames ran, and its totals. */
export function table(
  devices: readonly DeviceView[],
  notes: readonly string[],
  heading: string,
  width?: number,
): string {
  const rows = devices.map(({ id, tally, measured }): Row => ({
    id,
    measured,
    last: tally.last,
    totals: tally.totals(),
  }));
  return drawTable({ columns, dispensable, rows, notes, heading, width });
}

/** The same for a log: one line for all devices. */
export function line(devices: readonly DeviceView[]): string {
  return devices
    .map(({ id, tally, measured }) => {
      const { succeeded, failed, responseMs, accuracy, looks, placements } = tally.totals();
      const where =
        placements.length > 0
          ? `${mostly(placements, ({ tier }) => tier)}, ${mostly(placements, ({ variant }) => variant)}`
          : 'waiting';
      const faults = failed > 0 ? `, ${failed} failed` : '';
      const again = looks.escalationShare ? `, looked again at ${percent(looks.escalationShare, 0)}` : '';
      const bound = measured ? ` (at least ${percent(measured.lowerBound)})` : '';
      return `${id}: ${succeeded} answered${faults}, ${where}, p50 ${ms(responseMs.p50)}, p95 ${ms(responseMs.p95)}, right ${percent(accuracy.top1)}${bound}${again}`;
    })
    .join(' | ');
}

/** A line about a process event, if it is worth one. */
export function noteOf({ kind, name, detail }: ProcessEvent): string | undefined {
  if (kind === 'died') return `${name} died (${detail}); it is being restarted`;
  if (kind === 'restarted') return `${name} is back at ${detail}`;
  if (kind === 'failed') return `${name} failed to restart, retrying: ${detail}`;
  return undefined;
}

/** What most of the frames had, and how many of them, e.g. "edge 62 %". */
function mostly(
  placements: Totals['placements'],
  of: (placement: Totals['placements'][number]) => string,
): string {
  const shares = new Map<string, number>();
  for (const placement of placements)
    shares.set(of(placement), (shares.get(of(placement)) ?? 0) + placement.share);
  const [most] = [...shares].toSorted(([, a], [, b]) => b - a);
  return most ? `${most[0]} ${percent(most[1], 0)}` : '–';
}

const mostFrequent = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts).sort((a, b) => b[1] - a[1])[0]?.[0] ?? '–';
