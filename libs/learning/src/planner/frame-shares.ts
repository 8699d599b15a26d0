import { tightenObjective } from '@weir/domain';
import type { CellObservation, DeviceObservation } from '../learner.ts';

/** Rate that a living cell reports of a device without frames: a rate of 0 everywhere means synchronous epochs. */
export const idleFramesPerSecond = 0.01;

/** A device counts for at least this share of an average one, however rarely its frames come. */
const leastShare = 0.05;

/** True when frames come in a stream of their own; false in synchronous epochs. */
export const isAsynchronous = ({ devices }: Pick<CellObservation, 'devices'>): boolean =>
  devices.some(({ framesPerSecond }) => framesPerSecond > 0);

/** Frames of one device per ms, > 0. */
export const framesPerMs = ({ framesPerSecond }: Pick<DeviceObservation, 'framesPerSecond'>): number =>
  Math.max(framesPerSecond / 1_000, 1e-6);

/**
 * How much each device counts in the means of response time and accuracy: by its frame rate over the average one; all
 * the same in synchronous epochs.
 */
export function frameShares(devices: readonly Pick<DeviceObservation, 'framesPerSecond'>[]): number[] {
  if (!devices.some(({ framesPerSecond }) => framesPerSecond > 0)) return devices.map(() => 1);
  const rates = devices.map(framesPerMs);
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / devices.length;
  return rates.map((rate) => Math.max(leastShare, rate / mean));
}

/**
 * The best average accuracy that the devices of a cell can have together, 0..1, weighed as the planner weighs them; a
 * device with a floor of its own above the cell's meets it by itself and gives nothing to the others. `bestOf`: the
 * best accuracy open to a device, undefined when it has nothing to run. Undefined when no device counts.
 */
export function attainableAccuracy(
  { cell, devices }: Pick<CellObservation, 'cell' | 'devices'>,
  bestOf: (deviceId: string) => number | undefined,
): number | undefined {
  const rateOf = new Map(devices.map(({ deviceId, framesPerSecond }) => [deviceId, framesPerSecond]));
  const runs = cell.devices.filter(({ id }) => bestOf(id) !== undefined);
  const shares = frameShares(runs.map(({ id }) => ({ framesPerSecond: rateOf.get(id) ?? 0 })));
  const floor = cell.objective.accuracyFloor;
  let weight = 0;
  let sum = 0;
  runs.forEach(({ id, objective }, at) => {
    if (tightenObjective(cell.objective, objective).accuracyFloor > floor) return;
    weight += shares[at]!;
    sum += shares[at]! * bestOf(id)!;
  });
  return weight > 0 ? sum / weight : undefined;
}
