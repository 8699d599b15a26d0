import type { CellStatus, DeviceStatus } from '@weir/domain';
import type { policy } from '@weir/proto';
import { objectiveToWire } from './objective.ts';
import { placementToWire } from './placement.ts';
import { plannedLookToWire } from './planned-look.ts';

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
    devices: devices.map(deviceStatusToWire),
  };
}

export const deviceStatusToWire = ({ planned, secondLook, ...device }: DeviceStatus): policy.DevicePlan => ({
  ...device,
  planned: planned && placementToWire(planned),
  secondLook: secondLook && plannedLookToWire(secondLook),
});
