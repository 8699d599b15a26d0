import { mapInSteps, type Steps } from '@weir/base';
import type { DeviceStatus } from '@weir/domain';
import type { JointPlan } from '../planning/joint-plan.ts';
import type { CellDevices } from './devices.ts';

/** Where the plan sends each device, and how it stands. */
export const deviceStatuses = ({ members, sessions }: CellDevices, plan: JointPlan): Steps<DeviceStatus[]> =>
  mapInSteps([...members.entries()], ([deviceId, { balance }]) => {
    const planned = plan.of(deviceId);
    return {
      deviceId,
      ...(planned && { planned: planned.placement }),
      ...(planned?.secondLook && { secondLook: planned.secondLook }),
      predictedMs: planned?.predictedMs ?? 0,
      connected: sessions.has(deviceId),
      balance,
    };
  });
