import { type AccuracyCorrection, correctedAccuracies, correctedCurves } from './accuracy-correction.ts';
import type { Cell, Variant } from './cell.ts';
import type { ActionCost } from './directive.ts';

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

/** What actions cost one device, with the accuracies that its own correction leaves. `variants`: as the family says. */
export function asCorrected(
  actions: readonly ActionCost[],
  variants: readonly Variant[],
  correction: AccuracyCorrection | undefined,
): readonly ActionCost[] {
  if (!correction) return actions;
  const accuracyOf = correctedAccuracies(
    new Map(variants.map(({ name, accuracy }) => [name, accuracy])),
    correction,
  );
  return actions.map((action) => ({
    ...action,
    accuracy: accuracyOf.get(action.placement.variant) ?? action.accuracy,
  }));
}
