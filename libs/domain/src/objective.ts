import type { Objective } from './cell.ts';

/**
 * A cell's objective with what a device asks beyond it: the higher floor, the nearer deadline, only tiers that both
 * allow; weights that the device names are its own. When no tier is left, the device's own tiers hold: its privacy comes first.
 */
export function tightenObjective(cell: Objective, own: Partial<Objective> | undefined): Objective {
  if (!own) return cell;
  const asked = { ...cell, ...own };
  const shared = cell.allowedTiers.filter((tier) => asked.allowedTiers.includes(tier));
  return {
    ...asked,
    accuracyFloor: Math.max(cell.accuracyFloor, asked.accuracyFloor),
    deadlineMs: Math.min(cell.deadlineMs, asked.deadlineMs),
    allowedTiers: shared.length > 0 ? shared : asked.allowedTiers,
  };
}
