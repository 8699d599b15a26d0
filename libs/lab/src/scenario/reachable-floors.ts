import { InvalidInput } from '@weir/base';
import type { CellDescription } from '@weir/cell';
import type { Family } from '@weir/inference';
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
  const best = offered.reduce((a, b) => (a.accuracy.top1 >= b.accuracy.top1 ? a : b));
  const faults = Object.entries({ floor, 'transfer.from.floor': transfer?.from.floor }).flatMap(
    ([field, asked]) => {
      const value = asked === undefined ? 0 : floorOf(asked, family).value;
      if (value < 0)
        return [{ field, description: `${asked} is less than nothing: the best is ${best.accuracy.top1}` }];
      if (value <= best.accuracy.top1 + 1e-9) return [];
      const description = `${value} is more than this cell can reach: at most ${best.accuracy.top1}, the accuracy of ${best.name}`;
      return [{ field, description }];
    },
  );
  if (faults.length > 0) throw new InvalidInput(faults);
}
