import type { Violations } from '@weir/base';
import { defaultObjective, mostLooks, type Objective } from '@weir/domain';
import type { common, policy } from '@weir/proto';
import { fieldName } from './field-name.ts';
import { limits } from './limits.ts';
import { tiersFromWire, tierToWire } from './tier.ts';

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
  const allowedTiers = tiersFromWire(objective.allowedTiers, `${field}.allowed_tiers`, violations);
  // Not said by whoever knows of no second looks.
  const maxLooks = objective.maxLooks || mostLooks;
  violations.number(maxLooks, `${field}.max_looks`, { max: mostLooks });
  const auditShare = objective.auditShare ?? defaultObjective.auditShare;
  violations.number(auditShare, `${field}.audit_share`, { max: 1 });
  return {
    accuracyFloor,
    deadlineMs,
    meanWeight,
    tailWeight,
    energyMsPerJ,
    allowedTiers,
    maxLooks,
    auditShare,
  };
}

/**
 * What a device asks beyond its cell, and the names of the fields that it asks for. The most looks that there are ask for
 * nothing, and are not named: a policy that knows of no second looks would refuse the name. The share of audits is never named,
 * as a device draws them by itself.
 */
export function requestedObjectiveToWire(
  asked: Partial<Objective> = {},
): Pick<policy.Hello, 'objective' | 'objectiveFields'> {
  const isAsked: Partial<Record<string, boolean>> = {
    maxLooks: asked.maxLooks !== mostLooks,
    auditShare: false,
  };
  const named = Object.keys(asked).filter((key) => isAsked[key] ?? true);
  return {
    objective: named.length > 0 ? objectiveToWire({ ...defaultObjective, ...asked }) : undefined,
    objectiveFields: named.map(fieldName),
  };
}

/**
 * The fields of `hello.objective` that are named; all of them when none is, undefined without an objective. A name that a
 * newer agent may know is told, not refused.
 */
export function requestedObjectiveFromWire(
  { objective: wire, objectiveFields: named }: Pick<policy.Hello, 'objective' | 'objectiveFields'>,
  field: string,
  violations: Violations,
  told: Violations,
): Partial<Objective> | undefined {
  if (!wire) return undefined;
  const objective = objectiveFromWire(wire, `${field}.objective`, violations);
  if (named.length === 0) return objective;
  const keys = new Map(Object.keys(objective).map((key) => [fieldName(key), key as keyof Objective]));
  const asked: Record<string, unknown> = {};
  for (const [index, name] of told
    .list(named, `${field}.objective_fields`, limits.objectiveFields)
    .entries()) {
    const key = keys.get(name);
    const at = `${field}.objective_fields[${index}]`;
    if (key) asked[key] = objective[key];
    else told.check(false, at, `no field of an objective: ${JSON.stringify(name.slice(0, 64))}`);
  }
  return asked;
}
