import { agent, common } from '@weir/proto';

const nameOf = (values: Readonly<Record<string, number>>, value: number | undefined) =>
  (Object.entries(values).find(([, number]) => number === value)?.[0] ?? 'unspecified').toLowerCase();

/** `device`, `edge` or `cloud`. */
export const tierName = (tier: number | undefined): string => nameOf(common.Tier, tier);
/** `planned`, `explored`, `deviated` or `fallback`. */
export const reasonName = (reason: number | undefined): string => nameOf(agent.Reason, reason);

/** Milliseconds for people. */
export const ms = (value: number | null | undefined): string =>
  value === null || value === undefined || Number.isNaN(value)
    ? '–'
    : `${value.toFixed(value < 10 ? 1 : 0)} ms`;
/** A fraction as per cent, for people. */
export const percent = (value: number | null | undefined, digits = 1): string =>
  value === null || value === undefined || Number.isNaN(value) ? '–' : `${(value * 100).toFixed(digits)} %`;
