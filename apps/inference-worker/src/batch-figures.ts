import type { BatchCurve } from '@weir/inference';

export interface BatchFigure {
  readonly variant: string;
  /** Largest batch in use. */
  readonly limit: number;
  /** Computation by batch size, ms. */
  readonly timesMs: BatchCurve['times'];
}

/** For the log: of the variants whose batches were measured. */
export const batchFigures = (curves: ReadonlyMap<string, BatchCurve>): readonly BatchFigure[] =>
  [...curves]
    .map(([variant, { limit, times }]) => ({ variant, limit, timesMs: times }))
    .filter(({ timesMs }) => Object.keys(timesMs).length > 1);
