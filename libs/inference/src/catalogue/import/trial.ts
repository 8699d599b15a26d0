import { type FieldViolation, InvalidInput, WeirError } from '@weir/base';
import { firstFaults, type LabelledFile } from '../labelled-pictures.ts';
import { classifierNamed } from '../manifest.ts';
import { type Progress, wilson95 } from '../measure-accuracy.ts';
import type { Runner } from '../../serving/runner.ts';

export interface Trial {
  readonly accuracy: { top1: number; n: number; interval95: [number, number] };
  /** Of every picture the output is non-negative and its sum is about one. */
  readonly likeProbabilities: boolean;
}

/** Sums of a softmax of many classes in few bits. */
const aboutOne = [0.7, 1.1] as const;

/**
 * Runs a runner's one variant, whose output passes as it is, on all pictures.
 * @throws InvalidInput naming the pictures whose output is not finite, or of another length
 */
export async function tryOut(
  runner: Runner,
  pictures: readonly LabelledFile[],
  onProgress?: Progress,
): Promise<Trial> {
  const { name: variant, input: spec } = classifierNamed(runner, runner.variants[0]!.name);
  const faults: FieldViolation[] = [];
  let right = 0;
  let likeProbabilities = true;
  for (const [index, picture] of pictures.entries()) {
    try {
      const { classIndex, probabilities } = await runner.run({ variant, input: await picture.load(spec) });
      if (probabilities.length !== runner.labels.length)
        faults.push({
          field: picture.origin,
          description: `the model gave ${probabilities.length} numbers instead of ${runner.labels.length}`,
        });
      if (classIndex === picture.classIndex) right++;
      likeProbabilities &&= areLikeProbabilities(probabilities);
    } catch (error) {
      if (!(error instanceof WeirError) || error.reason !== 'OUTPUT_NOT_FINITE') throw error;
      faults.push({ field: picture.origin, description: 'the model gave an output that is not finite' });
    }
    onProgress?.({ task: variant, done: index + 1, total: pictures.length });
  }
  if (faults.length > 0) throw new InvalidInput(firstFaults(faults), { reason: 'MODEL_CANNOT_BE_SERVED' });
  const n = pictures.length;
  const [from, to] = wilson95(right, n);
  return { accuracy: { top1: right / n, n, interval95: [rounded(from), rounded(to)] }, likeProbabilities };
}

function areLikeProbabilities(output: Float32Array): boolean {
  const sum = output.reduce((a, b) => a + b, 0);
  return sum >= aboutOne[0] && sum <= aboutOne[1] && output.every((value) => value >= 0);
}

/** To four decimals. */
export const rounded = (value: number) => Math.round(value * 10_000) / 10_000;
