import type { Objective } from './cell.ts';

/**
 * A cell's objective with what a device asks beyond it: the higher floor, the nearer deadline, only tiers that both
 * allow; the weights are the device's. When no tier is left, the device's own tiers hold: its privacy comes first.
 */
export function tightenObjective(cell: Objective, own: Objective | undefined): Objective {
  if (!own) return cell;
  const shared = cell.allowedTiers.filter((tier) => own.allowedTiers.includes(tier));
  return {
    ...own,
    accuracyFloor: Math.max(cell.accuracyFloor, own.accuracyFloor),
    deadlineMs: Math.min(cell.deadlineMs, own.deadlineMs),
    allowedTiers: shared.length > 0 ? shared : own.allowedTiers,
  };
}
