import { agent, common } from '@weir/proto';

const nameOf = (values: Readonly<Record<string, number>>, value: number | undefined) =>
  (Object.entries(values).find(([, number]) => number === value)?.[0] ?? 'unspecified').toLowerCase();

/** `device`, `edge` or `cloud`. */
export const tierName = (tier: number | undefined): string => nameOf(common.Tier, tier);
/** `planned`, `explored`, `deviated` or `fallback`. */
export const reasonName = (reason: number | undefined): string => nameOf(agent.Reason, reason);
