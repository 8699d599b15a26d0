import type { LookCurve } from '@weir/domain';
import type { LabelledPicture } from '../catalogue/labelled-pictures.ts';
import { type MeasuredAccuracy, type Progress, measureAccuracy } from '../catalogue/measure-accuracy.ts';
import type { Family } from '../catalogue/manifest.ts';
import { startRunner } from '../serving/runner.ts';
import type { Looks } from './curves-schema.ts';
import { type Answers, LEAST_PICTURES, estimateCurves } from './estimate-curves.ts';

/**
 * Runs every variant of a family over labelled pictures and estimates the curves of all pairs; undefined, with nothing run,
 * for fewer than `LEAST_PICTURES`. The pictures must be neither trained nor calibrated on.
 */
export async function measureCurves({
  family,
  pictures,
  subjects,
  onProgress,
}: {
  readonly family: Family;
  readonly pictures: readonly LabelledPicture[];
  /** What each picture shows, where several show the same. @default each its own */
  readonly subjects?: readonly number[] | undefined;
  readonly onProgress?: Progress | undefined;
}): Promise<Looks | undefined> {
  if (pictures.length < LEAST_PICTURES) return undefined;
  await using runner = await startRunner({ family });
  const answers: Answers[] = [];
  for (const { name } of family.variants)
    answers.push(
      answersOf(name, await measureAccuracy({ runner, variant: name, pictures, onProgress }), pictures),
    );
  return { pictures: pictures.length, curves: estimateCurves(answers, subjects).map(mutable) };
}

/** A variant's measured answers, held against the pictures' classes. */
export function answersOf(
  name: string,
  { classIndices, margins }: Pick<MeasuredAccuracy, 'classIndices' | 'margins'>,
  pictures: readonly LabelledPicture[],
): Answers {
  return {
    name,
    margins,
    classes: classIndices,
    right: classIndices.map((answer, picture) => answer === pictures[picture]!.classIndex),
  };
}

const mutable = ({ steps, ...pair }: LookCurve) => ({ ...pair, steps: [...steps] });
