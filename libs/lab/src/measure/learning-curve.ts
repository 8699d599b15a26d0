import type { CandidateRecord } from './contest.ts';
import { type CostTable, asMap } from './cost-table.ts';
import type { EpochRecord } from './epochs.ts';
import type { CurvePoint } from './results.ts';

/** Within so much of the oracle a plan counts as found: the times of a living machine are not known better. */
const foundWithin = 0.05;
const floorSlack = 1e-9;

/** Epochs whose joint placement was below the floor. */
export const floorViolationsOf = (epochs: readonly EpochRecord[], table: CostTable, floor: number): number =>
  epochs.filter(({ placements }) => table.accuracy(asMap(placements)) < floor - floorSlack).length;

/** `floor`: what the best joint placement known must meet to count. */
export function curveOf(
  { learning, measured }: Pick<CandidateRecord, 'learning' | 'measured'>,
  table: CostTable,
  { floor, startedAt }: { readonly floor: number; readonly startedAt: number },
): CurvePoint[] {
  return [...learning, ...measured].flatMap((record, index) => {
    if (!record.complete) return [];
    const joint = asMap(record.placements);
    return [
      {
        epoch: index + 1,
        atMs: record.at - startedAt,
        phase: index < learning.length ? 'learning' : 'measured',
        responseMs: record.responseMs,
        tableMs: table.responseMs(joint),
        bestKnownMs: bestKnownMs(record, table, floor),
        accuracy: table.accuracy(joint),
        explored: record.explored,
        devices: record.answers
          .map(({ deviceId, response: { responseMs, expectedAccuracy } }) => ({
            deviceId,
            responseMs,
            accuracy: expectedAccuracy,
          }))
          // They were asked in an order of their own.
          .toSorted((a, b) => a.deviceId.localeCompare(b.deviceId, 'en', { numeric: true })),
      },
    ];
  });
}

/**
 * Epochs until the best joint placement known stays within 5 % of the oracle, by the table, and above the floor; null:
 * at the end it is not.
 */
export function interactionsToFound(
  epochs: readonly EpochRecord[],
  table: CostTable,
  { floor, oracleMs }: { readonly floor: number; readonly oracleMs: number },
): number | null {
  const lastOff = epochs.findLastIndex((record) => {
    const best = bestKnownMs(record, table, floor);
    return best === null || best > oracleMs * (1 + foundWithin);
  });
  return lastOff === epochs.length - 1 ? null : lastOff + 1;
}

function bestKnownMs({ bestKnown }: EpochRecord, table: CostTable, floor: number): number | null {
  const joint = asMap(bestKnown);
  return table.accuracy(joint) < floor - floorSlack ? null : table.responseMs(joint);
}
