import type { policy } from '@weir/proto';
import type { CellStatus, DeviceStatus } from './cell/cell-status.ts';
import { objectiveToWire, placementToWire } from './convert.ts';

export function statusToWire(status: CellStatus): policy.WatchLearnerResponse {
  const { outcomes, plans, exploringPlans, exploringFrames, driftAlarms, devices, objective, ...same } =
    status;
  return {
    ...same,
    outcomes: BigInt(outcomes),
    plans: BigInt(plans),
    explorations: BigInt(exploringPlans),
    exploringPlans: BigInt(exploringPlans),
    exploringFrames: BigInt(exploringFrames),
    driftAlarms: BigInt(driftAlarms),
    objective: objectiveToWire(objective),
    devices: devices.map(devicePlanToWire),
  };
}

export const devicePlanToWire = ({ planned, ...device }: DeviceStatus): policy.DevicePlan => ({
  ...device,
  planned: planned && placementToWire(planned),
});
