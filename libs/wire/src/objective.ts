import type { Violations } from '@weir/base';
import { defaultObjective, mostLooks, type Objective } from '@weir/domain';
import type { common, policy } from '@weir/proto';
import { fieldName } from './field-name.ts';
import { limits } from './limits.ts';
import { tierFromWire, tierToWire } from './tier.ts';

export const objectiveToWire = (objective: Objective): common.Objective => ({
  ...objective,
  allowedTiers: objective.allowedTiers.map(tierToWire),
});

export function objectiveFromWire(
  objective: common.Objective | undefined,
  field: string,
  violations: Violations,
): Objective {
  if (!objective) {
    violations.check(false, field, 'missing');
    return defaultObjective;
  }
  const { accuracyFloor, deadlineMs, meanWeight, tailWeight, energyMsPerJ } = objective;
  violations.number(accuracyFloor, `${field}.accuracy_floor`, { max: 1 });
  violations.number(deadlineMs, `${field}.deadline_ms`, { above: true, max: limits.ms });
  violations.number(meanWeight, `${field}.mean_weight`, { max: limits.weight });
  violations.number(tailWeight, `${field}.tail_weight`, { max: limits.weight });
  violations.check(
    meanWeight !== 0 || tailWeight !== 0,
    `${field}.mean_weight`,
    'mean_weight and tail_weight are both 0: nothing is asked for',
  );
  violations.number(energyMsPerJ, `${field}.energy_ms_per_j`, { max: limits.weight });
  violations.check(
    objective.allowedTiers.length > 0,
    `${field}.allowed_tiers`,
    'expected at least one tier; name all three to allow all',
  );
  const allowed = violations
    .list(objective.allowedTiers, `${field}.allowed_tiers`, limits.tiers)
    .map((tier, index) => tierFromWire(tier, `${field}.allowed_tiers[${index}]`, violations));
  // Not said by whoever knows of no second looks.
  const maxLooks = objective.maxLooks || mostLooks;
  violations.number(maxLooks, `${field}.max_looks`, { max: mostLooks });
  return {
    accuracyFloor,
    deadlineMs,
    meanWeight,
    tailWeight,
    energyMsPerJ,
    allowedTiers: [...new Set(allowed)],
    maxLooks,
  };
}

/**
 * What a device asks beyond its cell, and the names of the fields that it asks for. The most looks that there are ask for
 * nothing, and are not named: a policy that knows of no second looks would refuse the name.
 */
export function requestedObjectiveToWire(
  asked: Partial<Objective> = {},
): Pick<policy.Hello, 'objective' | 'objectiveFields'> {
  const named = Object.keys(asked).filter((key) => key !== 'maxLooks' || asked.maxLooks !== mostLooks);
  return {
    objective: named.length > 0 ? objectiveToWire({ ...defaultObjective, ...asked }) : undefined,
    objectiveFields: named.map(fieldName),
  };
}

/** The fields of `hello.objective` that are named; all of them when none is, undefined without an objective. */
export function requestedObjectiveFromWire(
  { objective: wire, objectiveFields: named }: Pick<policy.Hello, 'objective' | 'objectiveFields'>,
  field: string,
  violations: Violations,
): Partial<Objective> | undefined {
  if (!wire) return undefined;
  const objective = objectiveFromWire(wire, `${field}.objective`, violations);
  if (named.length === 0) return objective;
  const keys = new Map(Object.keys(objective).map((key) => [fieldName(key), key as keyof Objective]));
  const asked: Record<string, unknown> = {};
  for (const [index, name] of violations.list(named, `${field}.objective_fields`, keys.size).entries()) {
    const key = keys.get(name);
    const at = `${field}.objective_fields[${index}]`;
    if (key) asked[key] = objective[key];
    else violations.check(false, at, `no field of an objective: ${JSON.stringify(name.slice(0, 64))}`);
  }
  return asked;
}
