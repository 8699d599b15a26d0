import { type Latency, measureLatency } from './measure-latency.ts';
import type { Progress } from './measure-accuracy.ts';
import { expectedAccuracy, type Family, type VariantEntry } from './manifest.ts';
import { dominators } from './pareto.ts';
import type { Stage } from './stages.ts';
import { startRunner } from '../serving/runner.ts';

/** One row of the trade-off between accuracy and latency. */
export interface ModelRow {
  readonly name: string;
  readonly architecture: string;
  readonly width?: number | undefined;
  readonly precision: string;
  readonly macs?: number | undefined;
  readonly parameters?: number | undefined;
  readonly bytes: number;
  readonly accuracy: VariantEntry['accuracy'];
  /** Measured here, on one thread. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Name of a variant that is at least as accurate and as fast, and better in one of the two. */
  readonly dominatedBy?: string | undefined;
  /** Absent: in service. */
  readonly stage?: Stage | undefined;
}

/** A family's variants, the most accurate first, with their latency measured on this machine. */
export async function listModels({
  family,
  runs = 60,
  onProgress,
}: {
  readonly family: Family;
  /** Inferences of each variant. @default 60 */
  readonly runs?: number | undefined;
  readonly onProgress?: Progress | undefined;
}): Promise<readonly ModelRow[]> {
  await using runner = await startRunner({ family });
  return modelRows(family, await measureLatency({ runner, runs, onProgress }));
}

/** As `listModels`, from latencies that are known. */
export function modelRows(family: Family, latencies: readonly Latency[]): readonly ModelRow[] {
  const latencyOf = new Map(latencies.map((latency) => [latency.name, latency]));
  const front = dominators(
    family.variants.map((variant) => ({
      name: variant.name,
      accuracy: expectedAccuracy(variant),
      latencyMs: latencyOf.get(variant.name)!.p50Ms,
    })),
  );
  return family.variants
    .map(({ name, architecture, width, precision, macs, parameters, bytes, accuracy, stage }) => ({
      name,
      architecture,
      width,
      precision,
      macs,
      parameters,
      bytes,
      accuracy,
      p50Ms: latencyOf.get(name)!.p50Ms,
      p95Ms: latencyOf.get(name)!.p95Ms,
      dominatedBy: front.get(name),
      ...(stage && { stage }),
    }))
    .sort((a, b) => expectedAccuracy(b) - expectedAccuracy(a));
}
