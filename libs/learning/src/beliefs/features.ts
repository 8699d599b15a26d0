import type { Variant } from '@weir/domain';

/** Size of each variant relative to the largest of its cell, by name: work of a model in (0, 1]. */
export function relativeWork(variants: readonly Variant[]): Map<string, { work: number; int8: boolean }> {
  const most = Math.max(...variants.map(({ macs }) => macs), 1);
  return new Map(
    variants.map(({ name, macs, precision }) => [
      name,
      { work: Math.max(macs / most, 1e-3), int8: precision === 'int8' },
    ]),
  );
}

/** What INT8 is expected to save before anything was measured; the deviation covers "nothing" to "two thirds". */
export const int8Factor = 0.6;

/** Load 0..1 in the paper's nine levels. */
export const loadLevel = (load: number): number => Math.round(8 * Math.min(1, Math.max(0, load)));

/** Weights of a block before its residuals: intercept, FP32, INT8, INT8's overhead; and intercept, work, company, load, crowd. */
export const linearWeights = { local: 4, node: 5 } as const;
