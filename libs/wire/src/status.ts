import type { CellAccuracy, CellStatus, DeviceStatus } from '@weir/domain';
import type { policy } from '@weir/proto';
import { correctionToWire } from './accuracy-correction.ts';
import { objectiveToWire } from './objective.ts';
import { placementToWire } from './placement.ts';
import { plannedLookToWire } from './planned-look.ts';
import { trialToWire } from './trials.ts';
import { truthsToWire } from './truths.ts';

export function statusToWire(status: CellStatus): policy.WatchLearnerResponse {
  const {
    outcomes,
    plans,
    exploringPlans,
    exploringFrames,
    driftAlarms,
    priorCells = 0,
    devices,
    trials,
    ...others
  } = status;
  const { objective, accuracy, floorRange, restored, ...same } = others;
  return {
    ...same,
    outcomes: BigInt(outcomes),
    plans: BigInt(plans),
    explorations: BigInt(exploringPlans),
    exploringPlans: BigInt(exploringPlans),
    exploringFrames: BigInt(exploringFrames),
    driftAlarms: BigInt(driftAlarms),
    priorCells: BigInt(priorCells),
    objective: objectiveToWire(objective),
    accuracy: accuracyToWire(accuracy),
    devices: devices.map(deviceStatusToWire),
    trials: trials?.map(trialToWire) ?? [],
    floorRange: floorRange && { ...floorRange },
    restored: restored && {
      ...restored,
      count: BigInt(restored.count),
      version: BigInt(restored.version),
    },
  };
}

const accuracyToWire = ({ truths, audits, correction }: CellAccuracy): policy.CellAccuracy => ({
  truths: truths && truthsToWire(truths),
  audits: audits && { ...audits, audits: BigInt(audits.audits), promised: audits.promised },
  correction: correction && correctionToWire(correction),
});

export const deviceStatusToWire = ({
  planned,
  secondLook,
  familyFault = '',
  ...device
}: DeviceStatus): policy.DevicePlan => ({
  ...device,
  planned: planned && placementToWire(planned),
  secondLook: secondLook && plannedLookToWire(secondLook),
  familyFault,
});
