import type { Sample } from '@weir/cell';
import { picturesIn } from './pictures-in.ts';
import { type Family, measureAccuracy, startRunner } from '@weir/inference';

/** How one variant answers the lab's pictures, in their order. */
export interface VariantAnswers {
  /** Probability of the best class minus that of the runner-up. */
  readonly margins: readonly number[];
  readonly right: readonly boolean[];
  /** Index of the class that was answered. */
  readonly classes: readonly number[];
}

/** By variant. */
export type FamilyAnswers = ReadonlyMap<string, VariantAnswers>;

/** Runs every variant of a family, or these, over the lab's pictures, without a cell. Throws InvalidInput for tensors. */
export async function answersOfFamily(
  family: Family,
  pictures: readonly Sample[],
  variants = family.variants.map(({ name }) => name),
): Promise<FamilyAnswers> {
  const labelled = picturesIn(pictures).map(({ image, label }) => ({
    classIndex: family.labels.indexOf(label),
    load: () => ({ image }),
  }));
  await using runner = await startRunner({ family });
  const answers = new Map<string, VariantAnswers>();
  for (const name of variants) {
    const { margins, classIndices } = await measureAccuracy({ runner, variant: name, pictures: labelled });
    const right = classIndices.map((answer, picture) => answer === labelled[picture]!.classIndex);
    answers.set(name, { margins, right, classes: classIndices });
  }
  return answers;
}
