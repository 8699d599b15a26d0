import type { Tier } from './placement.ts';

/** What an operator asks of a cell, or of one device. */
export interface Objective {
  /** Lowest average accuracy allowed, 0..1; 0 is "no floor". */
  readonly accuracyFloor: number;
  /** Deadline of a request that names none, ms, > 0. */
  readonly deadlineMs: number;
  /** Weights of the mean and of the 95th percentile of the response time, >= 0, not both 0. */
  readonly meanWeight: number;
  readonly tailWeight: number;
  /** Price of energy, ms per J, >= 0. */
  readonly energyMsPerJ: number;
  /** Tiers that frames may use; never empty. */
  readonly allowedTiers: readonly Tier[];
  /** Looks that a frame may get: 1, or 2, where the frames that a first model is least sure of go to another one. */
  readonly maxLooks: number;
  /** Share of the answers of other variants than the most accurate that this one checks afterwards, 0..1; below 0.0001: none. */
  readonly auditShare: number;
}

/** A smaller share of audits would have each of them stand for too many answers: it is none. */
export const leastAuditShare = 1e-4;

/** No more looks than this are planned for. */
export const mostLooks = 2;

/** Fastest mean response, no floor, every tier, ten seconds and two looks a frame, one answer in a hundred audited. */
export const defaultObjective: Objective = {
  accuracyFloor: 0,
  deadlineMs: 10_000,
  meanWeight: 1,
  tailWeight: 0,
  energyMsPerJ: 0,
  allowedTiers: ['device', 'edge', 'cloud'],
  maxLooks: mostLooks,
  auditShare: 0.01,
};

/**
 * A cell's objective tightened by what a device requests: the higher floor, the shorter deadline, the fewer
 * looks, the tiers both allow; weights and the share of audits that the device names replace the cell's. When no tier is left,
 * frames stay on the device: what one of the two forbids gets none.
 */
export function tightenObjective(cell: Objective, own: Partial<Objective> | undefined): Objective {
  if (!own) return cell;
  const asked = { ...cell, ...own };
  const shared = cell.allowedTiers.filter((tier) => asked.allowedTiers.includes(tier));
  return {
    ...asked,
    accuracyFloor: Math.max(cell.accuracyFloor, asked.accuracyFloor),
    deadlineMs: Math.min(cell.deadlineMs, asked.deadlineMs),
    maxLooks: Math.min(cell.maxLooks, asked.maxLooks),
    allowedTiers: shared.length > 0 ? shared : ['device'],
  };
}
