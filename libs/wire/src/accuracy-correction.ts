import type { Violations } from '@weir/base';
import type { AccuracyCorrection, FirstLookCorrection } from '@weir/domain';
import type { policy } from '@weir/proto';
import { usable, usableEntries } from './left-out.ts';
import { limits } from './limits.ts';

export const correctionToWire = ({ shortfall, firsts }: AccuracyCorrection): policy.AccuracyCorrection => ({
  shortfall,
  firsts: firsts.map((first) => ({ ...first })),
});

/** Undefined without one; what is unusable of it is left out and told. */
export function correctionFromWire(
  wire: policy.AccuracyCorrection | undefined,
  field: string,
  told: Violations,
): AccuracyCorrection | undefined {
  if (!wire) return undefined;
  const { shortfall } = wire;
  const known = usable(told, (faults) => {
    faults.number(shortfall, `${field}.shortfall`, { max: 1 });
    return shortfall;
  });
  const firsts = usableEntries<policy.FirstLookCorrection, FirstLookCorrection>(
    wire.firsts,
    `${field}.firsts`,
    {
      told,
      limit: limits.variants,
      keyOf: ({ variant }) => variant,
      convert({ variant, loss, share }, at, faults) {
        faults.id(variant, `${at}.variant`);
        faults.number(loss, `${at}.loss`, { min: 1, max: limits.correction });
        faults.number(share, `${at}.share`, { above: true, max: limits.correction });
        return { variant, loss, share };
      },
    },
  );
  return { shortfall: known ?? 0, firsts };
}
