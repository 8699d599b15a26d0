import { percentile, seededRandom } from '@weir/base';
import { pixelsInput } from './labelled-pictures.ts';
import type { Progress } from './measure-accuracy.ts';
import { type VariantEntry, variantNamed } from './manifest.ts';
import { type InferenceInput, zeroInput } from '../serving/inference-input.ts';
import { sideLengths } from '../serving/pixels.ts';
import type { Runner } from '../serving/runner.ts';

export interface Latency {
  readonly name: string;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly runs: number;
}

/**
 * Measures the compute time of one inference of each variant that a runner serves, one inference at a time.
 * The variants take turns, so that other work on the machine affects all of them alike.
 */
export async function measureLatency({
  runner,
  runs = 200,
  onProgress,
}: {
  readonly runner: Runner;
  /** Runs of each variant. @default 200 */
  readonly runs?: number | undefined;
  readonly onProgress?: Progress | undefined;
}): Promise<readonly Latency[]> {
  const variants = runner.variants.map(({ name }) => name);
  const times = new Map(variants.map((name) => [name, [] as number[]]));
  const inputs = new Map(variants.map((name) => [name, typicalInput(variantNamed(runner, name))]));
  for (let run = 0; run < runs; run++) {
    for (const variant of variants) {
      const { computeMs } = await runner.run({ variant, input: inputs.get(variant)! });
      times.get(variant)!.push(computeMs);
    }
    onProgress?.({ task: 'latency', done: run + 1, total: runs });
  }
  return variants.map((name) => {
    const all = times.get(name)!;
    return { name, p50Ms: percentile(all, 0.5), p95Ms: percentile(all, 0.95), runs };
  });
}

/** Of a classifier a picture of noise, not black: models that scale by a picture's own contrast answer that with NaN. */
function typicalInput(variant: VariantEntry): InferenceInput {
  if (variant.task === 'tensor') return zeroInput(variant);
  const { height, width, channels } = sideLengths(variant.input);
  const random = seededRandom(1);
  const pixels = Uint8Array.from({ length: height * width * channels }, () => random.integer(256));
  return pixelsInput(pixels, variant.input);
}
