import { InvalidInput } from '@weir/base';
import {
  type ActionCost,
  type BalanceReport,
  defaultObjective,
  type Directive,
  type Objective,
} from '@weir/domain';
import type { policy } from '@weir/proto';
import { fieldName } from '@weir/rpc';
import {
  objectiveFromWire,
  objectiveToWire,
  placementFromWire,
  placementToWire,
  reasonToWire,
} from '../convert.ts';
import { checkObjective } from './objective.ts';
import type { NumberedOutcome } from './outcome-buffer.ts';

/** Throws InvalidInput when a part that dispatching rests on is missing or out of range. */
export function directiveFromWire(wire: policy.Directive): Directive {
  const objective = objectiveFromWire(wire.objective);
  checkObjective(objective, objective);
  const directive = {
    version: Number(wire.version),
    leaseMs: wire.leaseMs,
    learner: wire.learner,
    planned: placementFromWire(wire.planned, 'planned'),
    thresholdMs: wire.obey ? Infinity : wire.thresholdMs,
    explored: wire.explored,
    propensity: wire.propensity,
    actions: wire.actions.map(actionFromWire),
    accuracyPriceMs: wire.accuracyPriceMs,
    objective,
    ledger: wire.ledger ?? { ledgerId: '', creditTotal: 0, debitRequestedTotal: 0 },
    predictedMs: wire.predictedMs,
  };
  const { leaseMs, thresholdMs, accuracyPriceMs } = directive;
  for (const [field, value] of Object.entries({ leaseMs, thresholdMs, accuracyPriceMs }))
    if (!(value >= 0)) throw new InvalidInput([{ field, description: 'expected a number >= 0' }]);
  return directive;
}

/** What a device asks beyond its cell, and the names of the fields that it asks for. */
export const wishesToWire = (
  asked: Partial<Objective> | undefined,
): Pick<policy.Hello, 'objective' | 'objectiveFields'> => ({
  objective: asked && objectiveToWire({ ...defaultObjective, ...asked }),
  objectiveFields: Object.keys(asked ?? {}).map(fieldName),
});

function actionFromWire(wire: policy.ActionCost, index: number): ActionCost {
  const { accuracy, serviceMs, networkMs, energyJ } = wire;
  for (const [field, value] of Object.entries({ accuracy, serviceMs, networkMs, energyJ }))
    if (!(value >= 0 && value < Infinity))
      throw new InvalidInput([
        { field: `actions[${index}].${field}`, description: 'expected a number >= 0' },
      ]);
  const placement = placementFromWire(wire.placement, `actions[${index}].placement`);
  return { placement, accuracy, serviceMs, networkMs, energyJ };
}

/** `now`: of the same clock as the outcome's `at`. */
export function outcomeToWire(
  { sequence, outcome, confidence }: NumberedOutcome,
  now: number,
): policy.Outcome {
  return {
    sequence,
    placement: placementToWire(outcome.placement),
    directiveVersion: BigInt(outcome.planVersion),
    reason: reasonToWire(outcome.reason),
    hops: { ...outcome.hops },
    responseMs: outcome.responseMs,
    predictedMs: outcome.predictedMs,
    energyJ: outcome.energyJ,
    expectedAccuracy: outcome.accuracy,
    confidence,
    margin: outcome.margin,
    concurrency: outcome.concurrency,
    propensity: outcome.propensity,
    ageMs: Math.max(0, now - outcome.at),
    failure: outcome.failure ?? '',
  };
}

export const balanceToWire = (balance: BalanceReport): policy.BalanceReport => ({ ...balance });
