import type { LabelledPicture } from './labelled-pictures.ts';
import { classifierNamed } from './manifest.ts';
import type { Runner } from '../serving/runner.ts';

/** Top-1 on labelled pictures. */
export interface MeasuredAccuracy {
  /** Fraction that was right. */
  readonly top1: number;
  readonly n: number;
  /** 95 % interval of the accuracy (Wilson 1927). */
  readonly interval95: readonly [number, number];
  /** The class answered for each picture. */
  readonly classIndices: readonly number[];
  /** Probability of that class minus that of the runner-up, for each picture. */
  readonly margins: readonly number[];
}

/** Told after every picture. */
export type Progress = (progress: {
  readonly task: string;
  readonly done: number;
  readonly total: number;
}) => void;

/** Runs a variant over labelled pictures, as many at once as the runner has slots. */
export async function measureAccuracy({
  runner,
  variant,
  pictures,
  onProgress,
}: {
  readonly runner: Runner;
  readonly variant: string;
  readonly pictures: readonly LabelledPicture[];
  readonly onProgress?: Progress | undefined;
}): Promise<MeasuredAccuracy> {
  const { input: spec } = classifierNamed(runner, variant);
  const classIndices: number[] = [];
  const margins: number[] = [];
  let next = 0;
  let done = 0;
  const work = async () => {
    while (next < pictures.length) {
      const index = next++;
      const input = await pictures[index]!.load(spec);
      const { classIndex, margin } = await runner.run({ variant, input });
      classIndices[index] = classIndex;
      margins[index] = margin;
      onProgress?.({ task: variant, done: ++done, total: pictures.length });
    }
  };
  await Promise.all(Array.from({ length: runner.load().slots }, work));
  const right = classIndices.filter((answer, index) => answer === pictures[index]!.classIndex).length;
  const n = pictures.length;
  return { top1: right / n, n, interval95: wilson95(right, n), classIndices, margins };
}

/** 95 % interval of a proportion: Wilson 1927, "Probable inference, the law of succession, and statistical inference". */
export function wilson95(right: number, n: number): readonly [number, number] {
  const z = 1.959964;
  const p = right / n;
  const centre = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))) / (1 + (z * z) / n);
  return [centre - half, centre + half];
}
