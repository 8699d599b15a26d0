import { type AccuracyCorrection, correctedAccuracies, correctedCurves } from './accuracy-correction.ts';
import type { Cell } from './cell.ts';

/** The cell as its pictures are, where they are not like those that its family was measured on. */
export function correctedCell(cell: Cell, correction: AccuracyCorrection | undefined): Cell {
  if (!correction) return cell;
  const { variants, looks } = cell;
  const accuracyOf = new Map(variants.map(({ name, accuracy }) => [name, accuracy]));
  const corrected = correctedAccuracies(accuracyOf, correction);
  return {
    ...cell,
    variants: variants.map((variant) => ({ ...variant, accuracy: corrected.get(variant.name)! })),
    ...(looks && { looks: correctedCurves(looks, correction, accuracyOf) }),
  };
}
