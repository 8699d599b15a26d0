import { Violations } from '@weir/base';
import {
  type FirstLook,
  leastAuditShare,
  type NumberedOutcome,
  type Outcome,
  type OutcomeBatch,
  type RefusedOutcome,
} from '@weir/domain';
import type { policy } from '@weir/proto';
import { hopsFromWire, hopsToWire, noHops } from './hops.ts';
import { limits } from './limits.ts';
import { placementFromWire, placementToWire } from './placement.ts';
import { reasonFromWire, reasonToWire } from './reason.ts';

/** Status names of gRPC; OK is no failure. https://grpc.io/docs/guides/status-codes */
const failures = new Set(
  `CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED
  FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED`.split(
    /\s+/,
  ),
);

/** `confidence`: of the answer, 0..1. `now`: of the same clock as the outcome's `at`, which becomes its age. */
export function outcomeToWire(
  {
    sequence,
    outcome,
    confidence,
  }: { readonly sequence: bigint; readonly outcome: Outcome; readonly confidence: number },
  now: number,
): policy.Outcome {
  return {
    sequence,
    placement: placementToWire(outcome.placement),
    directiveVersion: BigInt(outcome.planVersion),
    reason: reasonToWire(outcome.reason),
    hops: hopsToWire(outcome.hops),
    responseMs: outcome.responseMs,
    predictedMs: outcome.predictedMs,
    energyJ: outcome.energyJ,
    expectedAccuracy: outcome.accuracy,
    confidence,
    margin: outcome.margin,
    concurrency: outcome.concurrency,
    batchSize: outcome.batchSize ?? 1,
    propensity: outcome.propensity,
    ageMs: Math.max(0, now - outcome.at),
    failure: outcome.failure ?? '',
    lookedAgain: outcome.lookedAgain ?? false,
    firstLook: outcome.firstLook && {
      ...outcome.firstLook,
      placement: placementToWire(outcome.firstLook.placement),
    },
    lookAgainBelow: outcome.lookAgainBelow ?? 0,
    auditProbability: outcome.auditProbability ?? 0,
    trial: outcome.trial ?? '',
    // That of an audit is known from its probability.
    shadow: outcome.shadow === true && outcome.auditProbability === undefined,
  };
}

/**
 * A faulty outcome does not spoil its batch: it comes back with its faults, to be settled and named in the
 * acknowledgement, because an agent that kept sending it again could never get on. Only a sequence that cannot be
 * acknowledged, or too many outcomes, make the whole message faulty: throws InvalidInput.
 * `now`: the time of arrival, ms since the epoch.
 */
export function outcomesFromWire(
  batch: Omit<policy.OutcomeBatch, 'state'>,
  deviceId: string,
  now: number,
): OutcomeBatch {
  const violations = new Violations();
  const sequenceOf = (sequence: bigint, field: string, least: bigint) => {
    const good = sequence >= least && sequence <= BigInt(Number.MAX_SAFE_INTEGER);
    if (!good) violations.check(false, field, `expected ${least}..2^53 - 1, got ${sequence}`);
    return Number(sequence);
  };
  const outcomes = violations
    .list(batch.outcomes, 'outcomes.outcomes', limits.outcomes)
    .map((wire, index): NumberedOutcome | RefusedOutcome => {
      const sequence = sequenceOf(wire.sequence, `outcomes.outcomes[${index}].sequence`, 1n);
      const own = new Violations();
      const outcome = outcomeFromWire(wire, own, { deviceId, now });
      if (own.found.length === 0) return { sequence, outcome };
      const faults = own.found.map(({ field, description }) => `${field}: ${description}`);
      return { sequence, faults: faults.slice(0, limits.faults) };
    });
  const oldestPending = sequenceOf(batch.oldestPendingSequence, 'outcomes.oldest_pending_sequence', 0n);
  violations.throwIfAny();
  return { outcomes, oldestPending };
}

/**
 * All up to and including `through` are settled, also those that were `refused`. `renewedVersion`: of the directive that holds for
 * another lease; 0: none.
 */
export const ackToWire = (
  through: number,
  refused: readonly RefusedOutcome[],
  renewedVersion = 0,
): policy.OutcomeAck => ({
  renewedVersion: BigInt(renewedVersion),
  throughSequence: BigInt(through),
  refused: refused.map(({ sequence, faults }) => ({ sequence: BigInt(sequence), faults: [...faults] })),
});

function outcomeFromWire(
  wire: policy.Outcome,
  violations: Violations,
  { deviceId, now }: { deviceId: string; now: number },
): Outcome {
  const { failure, responseMs, predictedMs, energyJ, margin, concurrency, batchSize, propensity } = wire;
  const { lookedAgain, expectedAccuracy: accuracy, lookAgainBelow, auditProbability, trial, shadow } = wire;
  violations.number(Number(wire.directiveVersion), 'directive_version', { max: Number.MAX_SAFE_INTEGER });
  violations.number(responseMs, 'response_ms', { max: limits.ms });
  violations.number(predictedMs, 'predicted_ms', { max: limits.ms });
  violations.number(energyJ, 'energy_j', { max: limits.energyJ });
  violations.number(accuracy, 'expected_accuracy', { max: 1 });
  violations.number(wire.confidence, 'confidence', { max: 1 });
  violations.number(margin, 'margin', { max: 1 });
  violations.number(concurrency, 'concurrency', { max: limits.count });
  violations.number(batchSize, 'batch_size', { max: limits.batch });
  violations.number(propensity, 'propensity', { max: 1 });
  violations.number(lookAgainBelow, 'look_again_below');
  violations.number(auditProbability, 'audit_probability', { max: 1 });
  violations.check(
    !(auditProbability > 0 && auditProbability < leastAuditShare),
    'audit_probability',
    `expected 0 or at least ${leastAuditShare}`,
  );
  violations.check(
    auditProbability === 0 || wire.firstLook !== undefined,
    'first_look',
    'missing: an audit checks a look',
  );
  if (trial !== '') violations.id(trial, 'trial');
  violations.number(wire.ageMs, 'age_ms', { max: limits.ageMs });
  violations.check(
    failure === '' || failures.has(failure),
    'failure',
    'expected a gRPC status name or nothing',
  );
  const firstLook = wire.firstLook && firstLookFromWire(wire.firstLook, violations, deviceId);
  return {
    deviceId,
    placement: placementFromWire(wire.placement, 'placement', violations, deviceId),
    planVersion: Number(wire.directiveVersion),
    reason: reasonFromWire(wire.reason, 'reason', violations),
    at: now - wire.ageMs,
    // What failed has no times to speak of.
    hops: hopsFromWire(wire.hops ?? (failure ? noHops : undefined), 'hops', violations),
    responseMs,
    predictedMs,
    energyJ,
    accuracy,
    margin,
    concurrency,
    ...(batchSize > 1 && { batchSize }),
    propensity,
    ...(failure && { failure }),
    ...(lookedAgain && { lookedAgain }),
    ...(firstLook && { firstLook }),
    ...(lookAgainBelow > 0 && { lookAgainBelow }),
    ...(auditProbability > 0 && { auditProbability }),
    ...((shadow || auditProbability > 0) && { shadow: true }),
    ...(trial && { trial }),
  };
}

function firstLookFromWire(wire: policy.FirstLook, violations: Violations, deviceId: string): FirstLook {
  const { margin, agreed } = wire;
  violations.number(margin, 'first_look.margin', { max: 1 });
  const placement = placementFromWire(wire.placement, 'first_look.placement', violations, deviceId);
  return { placement, margin, agreed };
}
