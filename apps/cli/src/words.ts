type Figure = number | null | undefined;
const missing = (value: Figure): value is null | undefined =>
  value === null || value === undefined || Number.isNaN(value);

/** Milliseconds for people. */
export const ms = (value: Figure): string =>
  missing(value) ? '–' : `${value.toFixed(value < 10 ? 1 : 0)} ms`;
/** A fraction as per cent, for people. */
export const percent = (value: Figure, digits = 1): string =>
  missing(value) ? '–' : `${(value * 100).toFixed(digits)} %`;
