import type { Violations } from '@weir/base';
import type { PlannedLook } from '@weir/domain';
import type { policy } from '@weir/proto';
import { usable } from './left-out.ts';
import { placementFromWire, placementToWire } from './placement.ts';

export const plannedLookToWire = ({ placement, marginBelow, curves }: PlannedLook): policy.PlannedLook => ({
  placement: placementToWire(placement),
  marginBelow,
  curves,
});

/** Undefined without one; undefined, and told, for one that is none. */
export const plannedLookFromWire = (
  wire: policy.PlannedLook | undefined,
  field: string,
  told: Violations,
): PlannedLook | undefined =>
  wire &&
  usable(told, (faults) => {
    const { marginBelow, curves } = wire;
    faults.number(marginBelow, `${field}.margin_below`, { above: true });
    faults.id(curves, `${field}.curves`);
    return {
      placement: placementFromWire(wire.placement, `${field}.placement`, faults),
      marginBelow,
      curves,
    };
  });
