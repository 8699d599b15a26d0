import type { Cell } from '@weir/domain';
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
 * How much each device counts in the average accuracy of its cell, as the planner weighs them. Devices that run nothing are
 * left out, and those with a floor of their own above the cell's, which meet it by themselves and give nothing to the others.
 */
export function accuracyShares(
  { cell, devices }: AccuracyDevices,
  runs: (deviceId: string) => boolean,
): Map<string, number> {
  const rateOf = new Map(devices.map(({ deviceId, framesPerSecond }) => [deviceId, framesPerSecond]));
  const running = cell.devices.filter(({ id }) => runs(id));
  const shares = frameShares(running.map(({ id }) => ({ framesPerSecond: rateOf.get(id) ?? 0 })));
  const floor = cell.objective.accuracyFloor;
  return new Map(
    running.flatMap(({ id, objective }, at): [string, number][] =>
      (objective?.accuracyFloor ?? 0) > floor ? [] : [[id, shares[at]!]],
    ),
  );
}

/**
 * The best average accuracy that the devices of a cell can have together, 0..1. `bestOf`: the best accuracy open to a device,
 * undefined when it has nothing to run. Undefined when no device counts.
 */
export function attainableAccuracy(
  devices: AccuracyDevices,
  bestOf: (deviceId: string) => number | undefined,
): number | undefined {
  let [weight, sum] = [0, 0];
  for (const [deviceId, share] of accuracyShares(devices, (id) => bestOf(id) !== undefined)) {
    weight += share;
    sum += share * bestOf(deviceId)!;
  }
  return weight > 0 ? sum / weight : undefined;
}

/** A cell and how often the frames of its devices come. */
export interface AccuracyDevices {
  readonly cell: Cell;
  readonly devices: readonly Pick<DeviceObservation, 'deviceId' | 'framesPerSecond'>[];
}
