import { bold, dim, yellow } from 'ansis';
import Table from 'cli-table3';
import type { ProcessEvent, Tally, Totals } from '@weir/cell';
import type { agent } from '@weir/proto';
import { tierName } from '@weir/wire';
import { ms, percent } from '../words.ts';

/** What the live view shows of one device. */
export interface DeviceView {
  readonly id: string;
  readonly tally: Tally;
  /** What its agent measured against the pictures' labels; undefined before the first report. */
  readonly measured?: agent.MeasuredAccuracy | undefined;
}

type Row = Pick<DeviceView, 'id' | 'measured'> & Pick<Tally, 'last'> & { readonly totals: Totals };
interface Column {
  readonly head: string;
  readonly align: 'left' | 'right';
  readonly cell: (row: Row) => string | number;
}

const text = (head: string, cell: Column['cell']): Column => ({ head, align: 'left', cell });
const number = (head: string, cell: Column['cell']): Column => ({ head, align: 'right', cell });

const columns: readonly Column[] = [
  text('device', ({ id }) => id),
  text('tier', ({ last }) => (last?.placement ? tierName(last.placement.tier) : '–')),
  text('variant', ({ last }) => last?.placement?.variant ?? '–'),
  number('answered', ({ totals }) => totals.succeeded),
  number('failed', ({ totals }) => totals.failed),
  number('p50', ({ totals }) => ms(totals.responseMs.p50)),
  number('p95', ({ totals }) => ms(totals.responseMs.p95)),
  number('right', ({ totals }) => percent(totals.accuracy.top1)),
  number('at least', ({ measured }) => percent(measured?.lowerBound)),
  number('expected', ({ totals }) => percent(totals.accuracy.expected)),
  number('balance', ({ last }) => last?.decision?.balance.toFixed(2) ?? '–'),
  number('2nd look', ({ totals }) => percent(totals.looks.escalationShare, 0)),
  text('because', ({ totals }) => mostFrequent(totals.reasons)),
];
/** Columns that a narrow terminal drops, in this order. */
const dispensable = ['balance', 'because', 'at least', 'expected', 'failed', 'p95', '2nd look', 'variant'];

/**
 * The live table, a row per device: where its newest frame ran, and its totals; with as many columns as fit
 * into `width` characters.
 */
export function table(
  devices: readonly DeviceView[],
  notes: readonly string[],
  heading: string,
  width = Infinity,
): string {
  const rows = devices.map(({ id, tally, measured }): Row => ({
    id,
    measured,
    last: tally.last,
    totals: tally.totals(),
  }));
  const drawn = (without: readonly string[]) => {
    const shown = columns.filter(({ head }) => !without.includes(head));
    const drawing = new Table({
      head: shown.map(({ head }) => head),
      style: { head: [], border: [], compact: true },
      colAligns: shown.map(({ align }) => align),
    });
    for (const row of rows) drawing.push(shown.map(({ cell }) => cell(row)));
    return drawing.toString();
  };
  let dropped = 0;
  let shown = drawn([]);
  while (shown.indexOf('\n') > width && dropped < dispensable.length)
    shown = drawn(dispensable.slice(0, ++dropped));
  return [bold(heading), shown, ...notes.map((note) => yellow(note)), dim('Ctrl-C drains and sums up')].join(
    '\n',
  );
}

/** The same for a log: one line for all devices. */
export function line(devices: readonly DeviceView[]): string {
  return devices
    .map(({ id, tally, measured }) => {
      const { succeeded, failed, responseMs, accuracy, looks } = tally.totals();
      const { placement } = tally.last ?? {};
      const where = placement ? `${tierName(placement.tier)} ${placement.variant}` : 'waiting';
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

const mostFrequent = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts).sort((a, b) => b[1] - a[1])[0]?.[0] ?? '–';
