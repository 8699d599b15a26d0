import type { BatchTimes } from './session-protocol.ts';

/** A larger batch must give at least this much more throughput to be worth waiting for its end. */
const worthwhileGain = 1.1;

/** How a variant's computation grows with the batch. */
export interface BatchCurve {
  /** As measured. */
  readonly times: BatchTimes;
  /** Largest batch that still gains. */
  readonly limit: number;
  /** Time of a batch relative to one inference alone; interpolated between the sizes measured. */
  readonly factor: (size: number) => number;
}

/** Sizes to measure: 1, 2, 4 … up to `maxBatch`, itself included. */
export function batchSizes(maxBatch: number): readonly number[] {
  const sizes: number[] = [];
  for (let size = 1; size < maxBatch; size *= 2) sizes.push(size);
  return [...sizes, maxBatch];
}

/** `times`: computation by batch size, ms, of size 1 and perhaps others. */
export function batchCurve(times: BatchTimes): BatchCurve {
  const points = Object.entries(times)
    .map(([size, ms]) => ({ size: Number(size), factor: ms / times[1]! }))
    .sort((a, b) => a.size - b.size);
  let last = 0;
  while (
    last + 1 < points.length &&
    throughput(points[last + 1]!) >= worthwhileGain * throughput(points[last]!)
  )
    last++;
  return {
    times,
    limit: points[last]!.size,
    factor(size) {
      const above = points.find((point) => point.size >= size) ?? points.at(-1)!;
      const below = points.findLast((point) => point.size <= size) ?? points[0]!;
      if (above === below) return (above.factor * size) / above.size;
      const share = (size - below.size) / (above.size - below.size);
      return below.factor + share * (above.factor - below.factor);
    },
  };
}

const throughput = ({ size, factor }: { size: number; factor: number }) => size / factor;
