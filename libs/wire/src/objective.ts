import { type FieldViolation, InvalidInput } from '@weir/base';
import type { Objective } from '@weir/domain';

/** Throws InvalidInput, naming every fault of the objective that a device asks for within its cell's. */
export function checkObjective(objective: Objective, cell: Objective): void {
  const violations: FieldViolation[] = [];
  const fault = (field: string, description: string) =>
    violations.push({ field: `objective.${field}`, description });
  const { accuracyFloor, deadlineMs, meanWeight, tailWeight, energyMsPerJ, allowedTiers } = objective;
  if (!(accuracyFloor >= 0 && accuracyFloor <= 1)) fault('accuracy_floor', 'expected 0..1');
  if (!(deadlineMs > 0 && deadlineMs < Infinity)) fault('deadline_ms', 'expected ms > 0');
  if (!(meanWeight >= 0 && meanWeight < Infinity)) fault('mean_weight', 'expected a number >= 0');
  if (!(tailWeight >= 0 && tailWeight < Infinity)) fault('tail_weight', 'expected a number >= 0');
  if (meanWeight === 0 && tailWeight === 0) fault('mean_weight', 'mean_weight and tail_weight are both 0');
  if (!(energyMsPerJ >= 0 && energyMsPerJ < Infinity)) fault('energy_ms_per_j', 'expected a number >= 0');
  if (allowedTiers.length === 0) fault('allowed_tiers', 'expected at least one tier');
  else if (!allowedTiers.some((tier) => cell.allowedTiers.includes(tier)))
    fault('allowed_tiers', `the cell allows only ${cell.allowedTiers.join(', ')}`);
  if (violations.length > 0) throw new InvalidInput(violations);
}
