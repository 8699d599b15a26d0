import { InvalidInput } from '@weir/base';
import type { CellDescription } from '@weir/cell';
import { expectedAccuracy, type Family } from '@weir/inference';
import { floorOf } from './paper-floors.ts';
import type { Scenario } from './scenario-schema.ts';

/** Throws InvalidInput for floors that the cell misses even with its most accurate variant everywhere, and for negative ones. */
export function refuseUnreachableFloors(
  { floor, transfer }: Pick<Scenario, 'floor' | 'transfer'>,
  { devices, nodes }: Pick<CellDescription, 'devices' | 'nodes'>,
  family: Family,
): void {
  const served = [...devices, ...nodes].map(({ variants }) => variants);
  // No variants are named: all of the family.
  const offered = family.variants.filter(({ name }) =>
    served.some((names) => names.length === 0 || names.includes(name)),
  );
  const best = offered.reduce((a, b) => (expectedAccuracy(a) >= expectedAccuracy(b) ? a : b));
  const most = expectedAccuracy(best);
  const faults = Object.entries({ floor, 'transfer.from.floor': transfer?.from.floor }).flatMap(
    ([field, asked]) => {
      const value = asked === undefined ? 0 : floorOf(asked, family).value;
      if (value < 0) return [{ field, description: `${asked} is less than nothing: the best is ${most}` }];
      if (value <= most + 1e-9) return [];
      const description = `${value} is more than this cell can reach: at most ${most}, the accuracy of ${best.name}`;
      return [{ field, description }];
    },
  );
  if (faults.length > 0) throw new InvalidInput(faults);
}
