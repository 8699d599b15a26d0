import type { policy } from '@weir/proto';
import type { CellStatus, DeviceStatus } from './cell/cell-status.ts';
import { objectiveToWire, placementToWire } from './convert.ts';

export function statusToWire(status: CellStatus): policy.WatchLearnerResponse {
  const { outcomes, plans, explorations, driftAlarms, devices, objective, ...same } = status;
  return {
    ...same,
    outcomes: BigInt(outcomes),
    plans: BigInt(plans),
    explorations: BigInt(explorations),
    driftAlarms: BigInt(driftAlarms),
    objective: objectiveToWire(objective),
    devices: devices.map(devicePlanToWire),
  };
}

export const devicePlanToWire = ({ planned, ...device }: DeviceStatus): policy.DevicePlan => ({
  ...device,
  planned: planned && placementToWire(planned),
});
