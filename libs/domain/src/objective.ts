import type { Objective } from './cell.ts';

/**
 * A cell's objective tightened by what a device requests: the higher floor, the shorter deadline, the tiers both
 * allow; weights the device names replace the cell's. When no tier is left, the device's tiers hold: privacy comes first.
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
