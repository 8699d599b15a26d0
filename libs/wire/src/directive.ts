import { Violations } from '@weir/base';
import type { ActionCost, BalanceLedger, Directive, Tier } from '@weir/domain';
import type { common, policy } from '@weir/proto';
import { correctionFromWire, correctionToWire } from './accuracy-correction.ts';
import { type Received, usableEntries } from './left-out.ts';
import { limits } from './limits.ts';
import { objectiveFromWire, objectiveToWire } from './objective.ts';
import { placementFromWire, placementToWire } from './placement.ts';
import { plannedLookFromWire, plannedLookToWire } from './planned-look.ts';
import { tiersFromWire, tierToWire } from './tier.ts';

export function directiveToWire(directive: Directive): policy.Directive {
  const { thresholdMs, planned, secondLook, correction, objective, actions, ledger, version, ...rest } =
    directive;
  const { cellTiers = [], ownerEpoch = 0, statePauseMs = 0, outcomePauseMs = 0, ...same } = rest;
  const obey = thresholdMs === Infinity;
  return {
    ...same,
    version: BigInt(version),
    ownerEpoch: BigInt(ownerEpoch),
    statePauseMs,
    outcomePauseMs,
    planned: placementToWire(planned),
    secondLook: secondLook && plannedLookToWire(secondLook),
    correction: correction && correctionToWire(correction),
    obey,
    thresholdMs: obey ? 0 : thresholdMs,
    actions: actions.map(actionToWire),
    objective: objectiveToWire(objective),
    cellTiers: cellTiers.map(tierToWire),
    ledger: { ...ledger },
  };
}

/**
 * Throws InvalidInput, naming every fault, when a part that dispatching rests on is missing or out of range; an action
 * or a second look that is none is left out.
 */
export function directiveFromWire(wire: policy.Directive): Received<Directive> {
  const faults = new Violations();
  const told = new Violations();
  const { instanceId, leaseMs, learner, explored, propensity, accuracyPriceMs, predictedMs } = wire;
  const thresholdMs = wire.obey ? Infinity : wire.thresholdMs;
  faults.number(Number(wire.version), 'version', { max: Number.MAX_SAFE_INTEGER });
  faults.number(Number(wire.ownerEpoch), 'owner_epoch', { max: Number.MAX_SAFE_INTEGER });
  faults.check(
    instanceId.length <= limits.idLength,
    'instance_id',
    `expected at most ${limits.idLength} characters`,
  );
  faults.number(leaseMs, 'lease_ms', { max: limits.ageMs });
  faults.number(wire.statePauseMs, 'state_pause_ms', { max: limits.ageMs });
  faults.number(wire.outcomePauseMs, 'outcome_pause_ms', { max: limits.ageMs });
  faults.check(
    learner.length <= limits.idLength,
    'learner',
    `expected at most ${limits.idLength} characters`,
  );
  if (!wire.obey) faults.number(thresholdMs, 'threshold_ms');
  faults.number(propensity, 'propensity', { max: 1 });
  faults.number(accuracyPriceMs, 'accuracy_price_ms');
  const secondLook = plannedLookFromWire(wire.secondLook, 'second_look', told);
  const correction = correctionFromWire(wire.correction, 'correction', told);
  const value = {
    instanceId,
    version: Number(wire.version),
    ...(wire.ownerEpoch > 0n && { ownerEpoch: Number(wire.ownerEpoch) }),
    ...(wire.statePauseMs > 0 && { statePauseMs: wire.statePauseMs }),
    ...(wire.outcomePauseMs > 0 && { outcomePauseMs: wire.outcomePauseMs }),
    leaseMs,
    learner,
    planned: placementFromWire(wire.planned, 'planned', faults),
    ...(secondLook && { secondLook }),
    thresholdMs,
    explored,
    propensity,
    actions: actionsFromWire(wire.actions, told),
    accuracyPriceMs,
    objective: objectiveFromWire(withAudits(wire.objective), 'objective', faults),
    ...cellTiersFromWire(wire.cellTiers, faults),
    ledger: ledgerFromWire(wire.ledger, faults),
    // A saturated cell promises no time: nothing rests on it.
    predictedMs: Number.isFinite(predictedMs) && predictedMs >= 0 ? predictedMs : 0,
    ...(correction && { correction }),
  };
  faults.throwIfAny();
  return { value, leftOut: told.found };
}

/** A policy that says nothing of audits knows nothing of them, and would refuse their outcomes. */
const withAudits = (objective: common.Objective | undefined) =>
  objective && { ...objective, auditShare: objective.auditShare ?? 0 };

/** Absent from a policy that says nothing of them. */
function cellTiersFromWire(
  wire: readonly common.Tier[],
  faults: Violations,
): { cellTiers?: readonly Tier[] } {
  const cellTiers = tiersFromWire(wire, 'cell_tiers', faults);
  return cellTiers.length > 0 ? { cellTiers } : {};
}

const actionToWire = ({ placement, ...costs }: ActionCost): policy.ActionCost => ({
  ...costs,
  placement: placementToWire(placement),
});

const actionsFromWire = (actions: readonly policy.ActionCost[], told: Violations): ActionCost[] =>
  usableEntries<policy.ActionCost, ActionCost>(actions, 'actions', {
    told,
    // Of all targets, and of the device itself.
    limit: limits.choices + limits.services,
    keyOf: ({ placement: { tier, nodeId, variant } }) => JSON.stringify([tier, nodeId, variant]),
    convert(wire, at, faults) {
      const { accuracy, serviceMs, networkMs, energyJ } = wire;
      faults.number(accuracy, `${at}.accuracy`, { max: 1 });
      faults.number(serviceMs, `${at}.service_ms`, { max: limits.ms });
      faults.number(networkMs, `${at}.network_ms`, { max: limits.ms });
      faults.number(energyJ, `${at}.energy_j`, { max: limits.energyJ });
      const placement = placementFromWire(wire.placement, `${at}.placement`, faults);
      return { placement, accuracy, serviceMs, networkMs, energyJ };
    },
  });

function ledgerFromWire(wire: policy.BalanceLedger | undefined, faults: Violations): BalanceLedger {
  if (!wire) return { ledgerId: '', creditTotal: 0, debitRequestedTotal: 0 };
  const { ledgerId, creditTotal, debitRequestedTotal } = wire;
  faults.check(
    ledgerId.length <= limits.ledgerIdLength,
    'ledger.ledger_id',
    `expected at most ${limits.ledgerIdLength} characters`,
  );
  faults.number(creditTotal, 'ledger.credit_total', { max: limits.balance });
  faults.number(debitRequestedTotal, 'ledger.debit_requested_total', { max: limits.balance });
  return { ledgerId, creditTotal, debitRequestedTotal };
}
