import { InvalidInput, Violations } from '@weir/base';
import type { ActionCost, BalanceReport, Directive, Objective, Outcome, Variant } from '@weir/domain';
import type { policy } from '@weir/proto';
import { fieldName } from '@weir/rpc';
import type {
  DeviceHello,
  DeviceState,
  NumberedOutcome,
  OutcomeBatch,
  TargetReport,
} from './agent-messages.ts';
import {
  hopsFromWire,
  nodeFromWire,
  objectiveFromWire,
  objectiveToWire,
  placementFromWire,
  placementToWire,
  reasonFromWire,
} from '../convert.ts';
import { maxMs, uniqueKeys } from '../wire-limits.ts';

/** Messages of an agent's session, proto ↔ domain. All throw InvalidInput, naming every fault of the message. */

export const maxOutcomes = 10_000;
const maxTargets = 256;
const maxVariants = 256;
const maxFaults = 8;
/** Status names of gRPC; OK is no failure. https://grpc.io/docs/guides/status-codes */
const failures = new Set(
  `CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED
  FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED`.split(
    /\s+/,
  ),
);

export function helloFromWire(hello: policy.Hello): { cellId: string; hello: DeviceHello } {
  const violations = new Violations();
  const { cellId, deviceId, agentInstanceId: instanceId } = hello;
  violations.id(cellId, 'hello.cell_id');
  violations.id(deviceId, 'hello.device_id');
  violations.id(instanceId, 'hello.agent_instance_id');
  const local = nodeFromWire(hello.local, 'hello.local', violations);
  if (hello.local) checkLocal(local.node, deviceId, 'hello.local', violations);
  const variants = violations
    .list(hello.variants, 'hello.variants', maxVariants)
    .map((variant, index) => variantFromWire(variant, `hello.variants[${index}]`, violations));
  uniqueKeys(
    violations,
    variants.map(({ name }) => name),
    'hello.variants',
  );
  const targets = targetsFromWire(hello.targets, 'hello.targets', violations, deviceId);
  const objective = hello.objective && objectiveFromWire(hello.objective, 'hello.objective', violations);
  const asked = objective && fieldsOf(objective, hello.objectiveFields, violations);
  violations.throwIfAny();
  return {
    cellId,
    hello: { deviceId, instanceId, local, variants, targets, ...(asked && { objective: asked }) },
  };
}

/** Those of an objective's fields that are named as on the wire; all of them when none is. */
function fieldsOf(
  objective: Objective,
  named: readonly string[],
  violations: Violations,
): Partial<Objective> {
  if (named.length === 0) return objective;
  const keys = new Map(Object.keys(objective).map((key) => [fieldName(key), key as keyof Objective]));
  const asked: Record<string, unknown> = {};
  for (const [index, name] of violations.list(named, 'hello.objective_fields', keys.size).entries()) {
    const key = keys.get(name);
    if (key) asked[key] = objective[key];
    else
      violations.check(
        false,
        `hello.objective_fields[${index}]`,
        `no field of an objective: ${JSON.stringify(name)}`,
      );
  }
  return asked;
}

export function stateFromWire(state: policy.AgentState, deviceId: string): DeviceState {
  const violations = new Violations();
  const { framesPerSecond, arrivalVariability } = state;
  violations.number(framesPerSecond, 'state.frames_per_second', { max: 1e9 });
  violations.number(arrivalVariability, 'state.arrival_variability', { max: 1e9 });
  const balance = state.balance && balanceFromWire(state.balance, 'state.balance', violations);
  const targets = targetsFromWire(state.targets, 'state.targets', violations, deviceId);
  const local = state.local && nodeFromWire(state.local, 'state.local', violations);
  if (local) checkLocal(local.node, deviceId, 'state.local', violations);
  violations.throwIfAny();
  return {
    framesPerSecond,
    arrivalVariability,
    targets,
    ...(balance && { balance }),
    ...(local && { local }),
  };
}

/**
 * A faulty outcome does not spoil its batch: it comes back with its faults, to be settled and named in the
 * acknowledgement, because an agent that kept sending it again could never get on. Only a sequence that cannot be
 * acknowledged, or too many outcomes, make the whole message faulty.
 * `now`: the time of arrival, ms since the epoch.
 */
export function outcomesFromWire(batch: policy.OutcomeBatch, deviceId: string, now: number): OutcomeBatch {
  const violations = new Violations();
  const sequenceOf = (sequence: bigint, field: string, least: bigint) => {
    const good = sequence >= least && sequence <= BigInt(Number.MAX_SAFE_INTEGER);
    if (!good) violations.check(false, field, `expected ${least}..2^53 - 1, got ${sequence}`);
    return Number(sequence);
  };
  const outcomes = violations
    .list(batch.outcomes, 'outcomes.outcomes', maxOutcomes)
    .map((outcome, index): NumberedOutcome => {
      const field = `outcomes.outcomes[${index}]`;
      const sequence = sequenceOf(outcome.sequence, `${field}.sequence`, 1n);
      const own = new Violations();
      const converted = outcomeFromWire(outcome, own, { deviceId, now });
      if (own.found.length === 0) return { sequence, outcome: converted };
      const faults = own.found.map(({ field, description }) => `${field}: ${description}`);
      return { sequence, faults: faults.slice(0, maxFaults) };
    });
  const oldestPending = sequenceOf(batch.oldestPendingSequence, 'outcomes.oldest_pending_sequence', 0n);
  violations.throwIfAny();
  return { outcomes, oldestPending };
}

function outcomeFromWire(
  wire: policy.Outcome,
  violations: Violations,
  { deviceId, now }: { deviceId: string; now: number },
): Outcome {
  const { failure, responseMs, predictedMs, energyJ, margin, concurrency, propensity } = wire;
  const accuracy = wire.expectedAccuracy;
  violations.number(Number(wire.directiveVersion), 'directive_version', { max: Number.MAX_SAFE_INTEGER });
  violations.number(responseMs, 'response_ms', { max: maxMs });
  violations.number(predictedMs, 'predicted_ms', { max: maxMs });
  violations.number(energyJ, 'energy_j', { max: 1e9 });
  violations.number(accuracy, 'expected_accuracy', { max: 1 });
  violations.number(wire.confidence, 'confidence', { max: 1 });
  violations.number(margin, 'margin', { max: 1 });
  violations.number(propensity, 'propensity', { max: 1 });
  violations.number(wire.ageMs, 'age_ms', { max: 365 * maxMs });
  violations.check(
    failure === '' || failures.has(failure),
    'failure',
    'expected a gRPC status name or nothing',
  );
  return {
    deviceId,
    placement: placementFromWire(wire.placement, 'placement', violations, deviceId),
    planVersion: Number(wire.directiveVersion),
    reason: reasonFromWire(wire.reason, 'reason', violations),
    at: now - wire.ageMs,
    // What failed has no times to speak of.
    hops: hopsFromWire(wire.hops ?? (failure ? zeroHops : undefined), 'hops', violations),
    responseMs,
    predictedMs,
    energyJ,
    accuracy,
    margin,
    concurrency,
    propensity,
    ...(failure && { failure }),
  };
}

const zeroHops = { agentMs: 0, uplinkMs: 0, queueMs: 0, decodeMs: 0, computeMs: 0, downlinkMs: 0 };

export function directiveToWire(directive: Directive): policy.Directive {
  const { thresholdMs, planned, objective, actions, ledger, version, ...same } = directive;
  const obey = thresholdMs === Infinity;
  return {
    ...same,
    version: BigInt(version),
    planned: placementToWire(planned),
    obey,
    thresholdMs: obey ? 0 : thresholdMs,
    actions: actions.map(actionToWire),
    objective: objectiveToWire(objective),
    ledger: { ...ledger },
  };
}

const actionToWire = ({ placement, ...costs }: ActionCost): policy.ActionCost => ({
  ...costs,
  placement: placementToWire(placement),
});

function variantFromWire(variant: policy.Variant, field: string, violations: Violations): Variant {
  const { name, macs, precision, accuracy } = variant;
  violations.id(name, `${field}.name`);
  violations.number(macs, `${field}.macs`, { above: true, max: 1e18 });
  violations.number(accuracy, `${field}.accuracy`, { max: 1 });
  const known = precision === 'fp32' || precision === 'int8';
  violations.check(known, `${field}.precision`, 'expected "fp32" or "int8"');
  return { name, macs, precision: known ? precision : 'fp32', accuracy };
}

function targetsFromWire(
  targets: readonly policy.Target[],
  field: string,
  violations: Violations,
  deviceId: string,
): TargetReport[] {
  const converted = violations.list(targets, field, maxTargets).map((target, index): TargetReport => {
    const at = `${field}[${index}]`;
    const report = nodeFromWire(target.load, `${at}.load`, violations);
    if (target.load) {
      violations.check(report.node.tier !== 'device', `${at}.load.tier`, 'expected TIER_EDGE or TIER_CLOUD');
      violations.check(report.node.id !== deviceId, `${at}.load.node_id`, 'is the device itself');
    }
    violations.number(target.roundTripMs, `${at}.round_trip_ms`, { max: maxMs });
    return { report, roundTripMs: target.roundTripMs, reachable: target.reachable };
  });
  uniqueKeys(
    violations,
    converted.map(({ report }) => report.node.id),
    field,
  );
  return converted;
}

function checkLocal(
  node: { id: string; tier: string },
  deviceId: string,
  field: string,
  violations: Violations,
): void {
  violations.check(node.id === deviceId, `${field}.node_id`, 'expected the id of the device');
  violations.check(node.tier === 'device', `${field}.tier`, 'expected TIER_DEVICE');
}

function balanceFromWire(
  balance: policy.BalanceReport,
  field: string,
  violations: Violations,
): BalanceReport {
  const { ledgerId, cap, debitedTotal, creditedTotal } = balance;
  violations.check(ledgerId.length <= 256, `${field}.ledger_id`, 'expected at most 256 characters');
  violations.number(balance.balance, `${field}.balance`, { max: 1e12 });
  violations.number(cap, `${field}.cap`, { max: 1e12 });
  violations.number(debitedTotal, `${field}.debited_total`, { max: 1e12 });
  violations.number(creditedTotal, `${field}.credited_total`, { max: 1e12 });
  return { ledgerId, balance: balance.balance, cap, debitedTotal, creditedTotal };
}

/** What an agent may say first. */
export function firstFromWire(request: policy.OrchestrateRequest) {
  if (request.message?.$case === 'hello') return helloFromWire(request.message.value);
  throw new InvalidInput([{ field: 'message', description: 'expected hello first' }]);
}
