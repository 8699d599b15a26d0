import { expectedAccuracy, type Family } from '@weir/inference';
import { paperFamily } from '@weir/simulation';

/** The paper's floors by the names that people give them; `none` and `best` stand outside the scale. */
export const floorLabels = ['none', '80', '85', '89', 'best'] as const;
export type FloorLabel = (typeof floorLabels)[number];

const paperAccuracies = paperFamily.map(({ accuracy }) => accuracy);

/** A floor of the paper as a fraction of the published (top-5) accuracies. */
export function paperFloor(label: FloorLabel): number {
  if (label === 'none') return 0;
  return label === 'best' ? Math.max(...paperAccuracies) : Number(label) / 100;
}

/**
 * A floor of the paper at the same relative place among the accuracies of another family: both families are sorted,
 * and a floor that lies so far between the paper's i-th and (i+1)-th accuracy lies as far between the other's. So it
 * asks of a mix of variants what it asks in the paper, however close together the other family's accuracies are.
 * `accuracies`: as many as the paper's family has variants.
 */
export function mappedFloor(label: FloorLabel, accuracies: readonly number[]): number {
  const paper = [...paperAccuracies].sort((a, b) => a - b);
  const family = [...accuracies].sort((a, b) => a - b);
  if (family.length !== paper.length)
    throw new RangeError(`expected ${paper.length} variants as in the paper, got ${family.length}`);
  if (label === 'none') return 0;
  const floor = paperFloor(label);
  const above = paper.findIndex((accuracy) => accuracy >= floor);
  if (above <= 0) return family.at(above)!;
  const share = (floor - paper[above - 1]!) / (paper[above]! - paper[above - 1]!);
  return family[above - 1]! + share * (family[above]! - family[above - 1]!);
}

/** A floor so many points of per cent below the family's most accurate variant, e.g. best-0.9. */
export type BelowBest = `best-${number}`;
/** Any floor that a scenario may name. */
export type NamedFloor = FloorLabel | BelowBest | number;

export const isPaperFloor = (floor: NamedFloor): floor is FloorLabel =>
  floorLabels.some((label) => label === floor);

/** As a fraction, which may be one that nothing reaches. `best`: the best variant's accuracy. */
export const belowBest = (floor: BelowBest, best: number): number =>
  best - Number(floor.slice('best-'.length)) / 100;

/** A floor as a scenario names it: `label` for people, `value` as a fraction of the family's own accuracies. */
export function floorOf(
  floor: NamedFloor,
  { variants }: Pick<Family, 'variants'>,
): { readonly label: string; readonly value: number } {
  if (typeof floor === 'number') return { label: String(floor), value: floor };
  const accuracies = variants.map(expectedAccuracy);
  return {
    label: floor,
    value: isPaperFloor(floor) ? mappedFloor(floor, accuracies) : belowBest(floor, Math.max(...accuracies)),
  };
}
