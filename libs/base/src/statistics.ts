/** Arithmetic mean; NaN of nothing. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The value below which the fraction `q` (0..1) of `values` lies, linearly interpolated; NaN of nothing. */
export function percentile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const low = Math.floor(position);
  const below = sorted[low] ?? NaN;
  const above = sorted[low + 1] ?? below;
  return below + (above - below) * (position - low);
}
