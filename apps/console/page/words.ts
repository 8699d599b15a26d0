import { hops } from '@weir/domain/hops';
import type { Hops } from '../src/snapshot.ts';

const missing = (value: number | null | undefined): value is null | undefined =>
  value === null || value === undefined || Number.isNaN(value);

/** Milliseconds for people. */
export const ms = (value: number | null | undefined): string =>
  missing(value)
    ? '–'
    : value >= 1_000
      ? `${(value / 1_000).toFixed(1)} s`
      : `${value.toFixed(value > 0 && value < 10 ? 1 : 0)} ms`;
/** A fraction as per cent. */
export const percent = (value: number | null | undefined, digits = 1): string =>
  missing(value) ? '–' : `${(value * 100).toFixed(digits)} %`;
/** Energy for people. */
export const joules = (value: number | null | undefined): string =>
  missing(value)
    ? '–'
    : value >= 1
      ? `${value.toFixed(1)} J`
      : `${(value * 1_000).toFixed(value < 0.01 ? 1 : 0)} mJ`;
export const count = (value: number | null | undefined): string =>
  missing(value) ? '–' : value.toLocaleString('en');
/** `mobilenet-v1-0.50-int8` → `0.50 int8`. */
export const shortVariant = (variant: string): string => variant.split('-').slice(-2).join(' ');
export const timeOfDay = (at: number): string => new Date(at).toLocaleTimeString('en-GB');

export const hopsText = (hopsMs: Hops): string =>
  hops.map(({ name }, index) => `${name} ${ms(hopsMs[index])}`).join(', ');

/** What the reason of a placement means. */
export const reasonWords: Readonly<Record<string, string>> = {
  planned: 'as the cell’s plan says',
  explored: 'the plan is exploring',
  deviated: 'the device saw a better choice at that moment',
  fallback: 'the planned target was unavailable, or there is no plan',
};
