import type { agent } from '@weir/proto';
import { tierName } from '@weir/wire';
import { percent } from '../words.ts';
import { drawTable, number, text } from './live-table.ts';

/** A device whose frames come from applications of somebody else. */
export interface ServedDevice {
  readonly id: string;
  /** `HOST:PORT` of its agent. */
  readonly address: string;
  /** What its agent said last; undefined before the first time. */
  readonly status?: agent.GetStatusResponse | undefined;
}

const plannedOf = ({ status }: ServedDevice) =>
  status?.planned ? `${tierName(status.planned.tier)} ${status.planned.variant}` : '–';
/** Of the frames answered; undefined before the first. */
export const expectedOf = ({ status }: ServedDevice): number | undefined =>
  status && status.answered > 0n ? status.meanExpectedAccuracy : undefined;

const columns = [
  text<ServedDevice>('device', ({ id }) => id),
  text<ServedDevice>('answers on', ({ address }) => address),
  number<ServedDevice>('answered', ({ status }) => String(status?.answered ?? '–')),
  number<ServedDevice>('failed', ({ status }) => String(status?.failed ?? '–')),
  number<ServedDevice>('in flight', ({ status }) => status?.inFlight ?? '–'),
  text<ServedDevice>('planned', plannedOf),
  number<ServedDevice>('expected', (device) => percent(expectedOf(device))),
  number<ServedDevice>('right', ({ status }) => percent(status?.measured?.right)),
  number<ServedDevice>('at least', ({ status }) => percent(status?.measured?.lowerBound)),
];
const dispensable = ['at least', 'right', 'in flight', 'expected', 'failed', 'planned'];

/** The live table where no traffic is Weir's own: what each agent tells of itself. */
export const othersTable = (
  rows: readonly ServedDevice[],
  notes: readonly string[],
  heading: string,
  width?: number,
): string => drawTable({ columns, dispensable, rows, notes, heading, width });

/** The same for a log: one line for all devices. */
export const othersLine = (devices: readonly ServedDevice[]): string =>
  devices
    .map((device) => {
      const { id, address, status } = device;
      if (!status) return `${id}: no word from ${address} yet`;
      const { answered, failed, measured } = status;
      const faults = failed > 0n ? `, ${failed} failed` : '';
      const right = measured
        ? `, right ${percent(measured.right)} (at least ${percent(measured.lowerBound)})`
        : '';
      const expected = answered > 0n ? `, expected ${percent(expectedOf(device))}` : '';
      return `${id} on ${address}: ${answered} answered${faults}, planned ${plannedOf(device)}${expected}${right}`;
    })
    .join(' | ');
