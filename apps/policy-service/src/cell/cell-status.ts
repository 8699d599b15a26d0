import type { Objective, Placement } from '@weir/domain';
import type { LearnerStatus } from '@weir/learning';
import type { CellDevices } from './cell-devices.ts';
import type { JointPlan } from '../planning/joint-plan.ts';

/** How learning and the plan stand. */
export interface CellStatus extends LearnerStatus {
  readonly learner: string;
  /** Frames answered where only an exploring plan put them, since this service opened the cell. */
  readonly exploringFrames: number;
  readonly predictionError: number;
  readonly planningMs: number;
  readonly objective: Objective;
  readonly devices: readonly DeviceStatus[];
}

export interface DeviceStatus {
  readonly deviceId: string;
  readonly planned?: Placement;
  readonly predictedMs: number;
  readonly connected: boolean;
  readonly balance: number;
}

/** Where the plan sends each device, and how it stands. */
export const deviceStatuses = ({ members, sessions }: CellDevices, plan: JointPlan): DeviceStatus[] =>
  [...members.entries()].map(([deviceId, { balance }]) => {
    const planned = plan.of(deviceId);
    return {
      deviceId,
      ...(planned && { planned: planned.placement }),
      predictedMs: planned?.predictedMs ?? 0,
      connected: sessions.has(deviceId),
      balance,
    };
  });
