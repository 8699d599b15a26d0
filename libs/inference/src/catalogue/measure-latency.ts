import { percentile } from '@weir/base';
import type { Progress } from './measure-accuracy.ts';
import { type Family, variantNamed } from './manifest.ts';
import { zeroInput } from '../serving/inference-input.ts';
import { startRunner } from '../serving/runner.ts';

export interface Latency {
  readonly name: string;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly runs: number;
}

/**
 * Measures the compute time of one inference of each variant, on one slot and one thread.
 * The variants take turns, so that other work on the machine affects all of them alike.
 */
export async function measureLatency({
  family,
  variants = family.variants.map(({ name }) => name),
  runs = 200,
  onProgress,
}: {
  readonly family: Family;
  readonly variants?: readonly string[] | undefined;
  /** Runs of each variant. @default 200 */
  readonly runs?: number | undefined;
  readonly onProgress?: Progress | undefined;
}): Promise<readonly Latency[]> {
  await using runner = await startRunner({ family, variants, slots: 1, threadsPerSession: 1 });
  const times = new Map(variants.map((name) => [name, [] as number[]]));
  for (let run = 0; run < runs; run++) {
    for (const variant of variants) {
      const input = zeroInput(variantNamed(family, variant));
      const { computeMs } = await runner.run({ variant, input });
      times.get(variant)!.push(computeMs);
    }
    onProgress?.({ task: 'latency', done: run + 1, total: runs });
  }
  return variants.map((name) => {
    const all = times.get(name)!;
    return { name, p50Ms: percentile(all, 0.5), p95Ms: percentile(all, 0.95), runs };
  });
}
