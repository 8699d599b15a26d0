import { Violations } from '@weir/base';
import type { DeviceStatus, Placement, PlannedLook } from '@weir/domain';
import type { policy } from '@weir/proto';
import { limits } from './limits.ts';
import { placementToWire } from './placement.ts';
import { plannedLookToWire } from './planned-look.ts';
import { deviceStatusToWire } from './status.ts';

/** One plan of a cell in synchronous epochs. */
export interface PlannedEpoch {
  readonly version: number;
  readonly learner: string;
  readonly plan: { readonly explored: boolean; readonly propensity: number };
  readonly bestKnown: ReadonlyMap<string, Placement>;
  /** Second looks that go with it. */
  readonly bestSecondLooks: ReadonlyMap<string, PlannedLook>;
  /** Of the epoch before that were learned from. */
  readonly outcomes: number;
  /** Devices whose outcome of the epoch before did not come in time. */
  readonly missing: readonly string[];
  readonly planningMs: number;
}

/** Throws InvalidInput. `before`: the cell of the stream's first request. */
export function checkEpochRequest(
  { cellId, settleTimeoutMs }: policy.RunEpochsRequest,
  before: string | undefined,
): void {
  const violations = new Violations();
  violations.id(cellId, 'cell_id');
  violations.check(before === undefined || before === cellId, 'cell_id', `expected ${before} as before`);
  violations.number(settleTimeoutMs, 'settle_timeout_ms', { max: limits.settleMs });
  violations.throwIfAny();
}

export const epochToWire = (
  { version, learner, plan, bestKnown, bestSecondLooks, outcomes, missing, planningMs }: PlannedEpoch,
  devices: readonly DeviceStatus[],
): policy.RunEpochsResponse => ({
  directiveVersion: BigInt(version),
  learner,
  explored: plan.explored,
  propensity: plan.propensity,
  devices: devices.map(deviceStatusToWire),
  outcomes,
  missingDeviceIds: [...missing],
  planningMs,
  bestKnown: [...bestKnown].map(([deviceId, placement]) => {
    const secondLook = bestSecondLooks.get(deviceId);
    return {
      deviceId,
      placement: placementToWire(placement),
      secondLook: secondLook && plannedLookToWire(secondLook),
    };
  }),
});
