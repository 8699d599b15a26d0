/** What was seen of second looks, by the margin of the first: bin i has margins below `thresholds[i]`, not below the one before. */
export interface MarginBins {
  /** Rising. */
  readonly thresholds: readonly number[];
  /** Second looks of each bin. */
  readonly seen: readonly number[];
  /** Of those, how many confirmed the first answer. */
  readonly agreed: readonly number[];
  /** First looks, whatever came after them. */
  readonly frames: number;
  /** Sum over all second looks, in units of what a wrong answer costs, each at most 1. */
  readonly cost: number;
}

export const emptyBins = (thresholds: readonly number[]): MarginBins => ({
  thresholds,
  seen: thresholds.map(() => 0),
  agreed: thresholds.map(() => 0),
  frames: 0,
  cost: 0,
});

/** With one more second look; `cost` in units of what a wrong answer costs. A margin above all thresholds is not counted. */
export function withSecondLook(
  bins: MarginBins,
  { margin, agreed, cost }: { readonly margin: number; readonly agreed: boolean; readonly cost: number },
): MarginBins {
  const bin = bins.thresholds.findIndex((threshold) => margin < threshold);
  if (bin < 0) return bins;
  return {
    ...bins,
    seen: bins.seen.with(bin, bins.seen[bin]! + 1),
    agreed: bins.agreed.with(bin, bins.agreed[bin]! + Number(agreed)),
    cost: bins.cost + Math.min(1, cost),
  };
}

/**
 * How many bins, from the least certain on, are looked at again: as long as the lower confidence bounds of the first answer
 * being right and of the second look's cost add up to less than 1. Being right rises with the margin, so that a bin's bound
 * holds for all above it too: the first bin that need not be looked at again ends it. `confidence`: α of the bounds
 * √(α ln t / n); 0: the means themselves.
 */
export function escalatedBins({ seen, agreed, frames, cost }: MarginBins, confidence: number): number {
  const lower = (sum: number, count: number) =>
    count === 0 ? -Infinity : sum / count - Math.sqrt((confidence * Math.log(Math.max(1, frames))) / count);
  const looks = seen.reduce((sum, count) => sum + count, 0);
  const lowerCost = lower(cost, looks);
  const first = seen.findIndex((count, bin) => lower(agreed[bin]!, count) + lowerCost >= 1);
  return first < 0 ? seen.length : first;
}
