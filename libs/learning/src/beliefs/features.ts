import type { Variant } from '@weir/domain';

/** Work of a variant in units of the reference model, > 0. */
export interface Work {
  readonly work: number;
  readonly int8: boolean;
}

/**
 * Multiply-accumulates of one unit of work: MobileNetV1 at full width and 224 × 224 (Howard et al. 2017, table 4). A
 * constant, so that no variant that joins changes what is known of the others.
 */
const referenceMacs = 569e6;

export const workOf = ({ macs, precision }: Variant): Work => ({
  work: Math.max(macs / referenceMacs, 1e-6),
  int8: precision === 'int8',
});

/** What INT8 is expected to save before anything was measured; the deviation covers "nothing" to "two thirds". */
export const int8Factor = 0.6;

/** Load 0..1 in the paper's nine levels. */
export const loadLevel = (load: number): number => Math.round(8 * Math.min(1, Math.max(0, load)));

/**
 * Weights of a block before its residuals, relative to its size, before anything was measured: intercept, FP32, INT8, INT8's
 * overhead; intercept, work, concurrency, load, what exceeds the slots; and a link's offset.
 */
export const firstGuess = {
  local: { means: [0.04, 1, int8Factor, 0], deviations: [0.06, 0.2, 0.2, 0.06] },
  node: { means: [0.02, 1, 0.4, 0.4, 0.3], deviations: [0.04, 0.1, 0.4, 0.5, 0.5] },
  link: { means: [1], deviations: [0] },
} as const;
