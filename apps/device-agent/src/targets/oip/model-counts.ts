import type { inference } from '@weir/proto';
import { limits } from '@weir/wire';
import type { MeanTimes } from './model-times.ts';

interface Counts {
  readonly inferences: number;
  readonly queueNs: number;
  readonly computeNs: number;
}

/** The difference between two readings of a server's counters for one model, which count since it started. */
export class ModelCounts {
  #before: Counts | undefined;

  /** Means over what has been answered since the last reading; undefined where nothing has, and for the first. */
  read(versions: readonly inference.ModelStatistics[]): MeanTimes | undefined {
    const now = countsOf(versions);
    const before = this.#before;
    this.#before = now;
    const count = before && now.inferences - before.inferences;
    // Fewer than before: the server has started anew.
    if (!before || !count || count < 0) return undefined;
    const mean = (counter: 'queueNs' | 'computeNs') => (now[counter] - before[counter]) / count / 1e6;
    const means = { queueMs: mean('queueNs'), computeMs: mean('computeNs') };
    return Object.values(means).every((ms) => ms >= 0 && ms <= limits.ms) ? means : undefined;
  }
}

/** Of all versions: which one answers is the server's choice. */
function countsOf(versions: readonly inference.ModelStatistics[]): Counts {
  let [inferences, queueNs, computeNs] = [0, 0, 0];
  for (const { inferenceStats } of versions) {
    inferences += Number(inferenceStats?.success?.count ?? 0);
    queueNs += Number(inferenceStats?.queue?.ns ?? 0);
    for (const part of ['computeInput', 'computeInfer', 'computeOutput'] as const)
      computeNs += Number(inferenceStats?.[part]?.ns ?? 0);
  }
  return { inferences, queueNs, computeNs };
}
