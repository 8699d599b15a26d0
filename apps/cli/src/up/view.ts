import { bold, dim, yellow } from 'ansis';
import Table from 'cli-table3';
import { type ProcessEvent, type Tally, tierName } from '@weir/cell';
import { ms, percent } from '../words.ts';

/** What the live view shows of one device. */
export interface DeviceView {
  readonly id: string;
  readonly tally: Tally;
}

/** The live table, a row each device: where its newest frame ran, and how it has fared so far. */
export function table(devices: readonly DeviceView[], notes: readonly string[], heading: string): string {
  const rows = new Table({
    head: [
      'device',
      'tier',
      'variant',
      'answered',
      'failed',
      'p50',
      'p95',
      'right',
      'expected',
      'balance',
      'because',
    ],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'left', 'left', ...Array<'right'>(7).fill('right'), 'left'],
  });
  for (const { id, tally } of devices) {
    const { succeeded, failed, responseMs, accuracy, reasons } = tally.totals();
    const { placement, decision } = tally.last ?? {};
    rows.push([
      id,
      placement ? tierName(placement.tier) : '–',
      placement?.variant ?? '–',
      succeeded,
      failed,
      ms(responseMs.p50),
      ms(responseMs.p95),
      percent(accuracy.top1),
      percent(accuracy.expected),
      decision ? decision.balance.toFixed(2) : '–',
      mostFrequent(reasons),
    ]);
  }
  return [
    bold(heading),
    rows.toString(),
    ...notes.map((note) => yellow(note)),
    dim('Ctrl-C drains and sums up'),
  ].join('\n');
}

/** The same for a log: one line for all devices. */
export function line(devices: readonly DeviceView[]): string {
  return devices
    .map(({ id, tally }) => {
      const { succeeded, failed, responseMs, accuracy } = tally.totals();
      const { placement } = tally.last ?? {};
      const where = placement ? `${tierName(placement.tier)} ${placement.variant}` : 'waiting';
      const faults = failed > 0 ? `, ${failed} failed` : '';
      return `${id}: ${succeeded} answered${faults}, ${where}, p50 ${ms(responseMs.p50)}, p95 ${ms(responseMs.p95)}, right ${percent(accuracy.top1)}`;
    })
    .join(' | ');
}

/** A line about a process, or nothing where there is nothing to tell. */
export function noteOf({ kind, name, detail }: ProcessEvent): string | undefined {
  if (kind === 'died') return `${name} died (${detail}); it is being restarted`;
  if (kind === 'restarted') return `${name} is back at ${detail}`;
  if (kind === 'failed') return `${name} does not come back and will be tried again: ${detail}`;
  return undefined;
}

const mostFrequent = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts).sort((a, b) => b[1] - a[1])[0]?.[0] ?? '–';
