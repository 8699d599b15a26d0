import { boundLevel, meanAtLeast, type Violations } from '@weir/base';
import type { TruthReport } from '@weir/domain';
import type { agent } from '@weir/proto';

/** With the bound that follows from it. */
export const truthsToWire = ({
  labelled,
  right,
  variation,
  ...same
}: TruthReport): agent.MeasuredAccuracy => ({
  ...same,
  labelled: BigInt(labelled),
  right,
  variation,
  lowerBound: meanAtLeast({ count: labelled, sum: right * labelled, variation }, boundLevel),
  level: boundLevel,
});

/** The bound is not taken over: it follows from the rest. */
export function truthsFromWire(wire: agent.MeasuredAccuracy, field: string, faults: Violations): TruthReport {
  const { right, promised, firstRight, variation } = wire;
  const withoutShortfall = wire.withoutShortfall || promised;
  const labelled = Number(wire.labelled);
  faults.number(labelled, `${field}.labelled`, { min: 1, max: Number.MAX_SAFE_INTEGER });
  for (const [name, share] of Object.entries({
    right,
    promised,
    first_right: firstRight,
    without_shortfall: withoutShortfall,
  }))
    faults.number(share, `${field}.${name}`, { max: 1 });
  // Each squared distance is at most 1.
  faults.number(variation, `${field}.variation`, { max: labelled });
  return { labelled, right, promised, withoutShortfall, firstRight, variation };
}
