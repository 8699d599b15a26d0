type Figure = number | null | undefined;
const missing = (value: Figure): value is null | undefined =>
  value === null || value === undefined || Number.isNaN(value);

/** Milliseconds for people. */
export const ms = (value: Figure): string =>
  missing(value) ? '–' : `${value.toFixed(value < 10 ? 1 : 0)} ms`;
/** A duration for people, in the largest unit that it has two of; otherwise seconds. */
export function time(valueMs: number): string {
  for (const [unit, unitMs] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
  ] as const)
    if (valueMs >= 2 * unitMs) return `${(valueMs / unitMs).toFixed(0)} ${unit}`;
  return `${(valueMs / 1_000).toFixed(valueMs < 10_000 ? 1 : 0)} s`;
}
/** Bytes for people. */
export const size = (bytes: number): string =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
/** A fraction as per cent, for people. */
export const percent = (value: Figure, digits = 1): string =>
  missing(value) ? '–' : `${(value * 100).toFixed(digits)} %`;
