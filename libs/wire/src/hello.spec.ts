import type { InvalidInput } from '@weir/base';
import { defaultObjective } from '@weir/domain';
import { agent, common, type policy } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import {
  deviceHello,
  deviceState,
  helloToWire,
  outcome,
  outcomeToWire,
  stateToWire,
} from './agent.fixture.ts';
import { helloFromWire, maxOutcomes, outcomesFromWire, stateFromWire } from './convert-session.ts';

const violated = (convert: () => unknown): string[] => {
  try {
    convert();
    return [];
  } catch (error) {
    return (error as InvalidInput).violations.map(({ field }) => field);
  }
};
const long = 'x'.repeat(129);

describe('hello', () => {
  const faults: [string, (hello: policy.Hello) => void, string][] = [
    ['no cell', (hello) => (hello.cellId = ''), 'hello.cell_id'],
    ['a long cell', (hello) => (hello.cellId = long), 'hello.cell_id'],
    ['no device', (hello) => (hello.deviceId = ''), 'hello.device_id'],
    ['no instance', (hello) => (hello.agentInstanceId = ''), 'hello.agent_instance_id'],
    ['a long instance', (hello) => (hello.agentInstanceId = long), 'hello.agent_instance_id'],
    ['no processor', (hello) => (hello.local = undefined), 'hello.local'],
    ['the processor of another', (hello) => (hello.local!.nodeId = 'other'), 'hello.local.node_id'],
    ['a processor elsewhere', (hello) => (hello.local!.tier = common.Tier.EDGE), 'hello.local.tier'],
    ['no slots', (hello) => (hello.local!.slots = 0), 'hello.local.slots'],
    ['more at work than slots', (hello) => (hello.local!.inService = 9), 'hello.local.in_service'],
    ['a negative wait', (hello) => (hello.local!.backlogMs = -1), 'hello.local.backlog_ms'],
    [
      'an endless mean wait',
      (hello) => (hello.local!.meanBacklogMs = Infinity),
      'hello.local.mean_backlog_ms',
    ],
    [
      'congestion that is no number',
      (hello) => (hello.local!.congestionPerMs = NaN),
      'hello.local.congestion_per_ms',
    ],
    ['more than all in use', (hello) => (hello.local!.utilization = 1.1), 'hello.local.utilization'],
    [
      'a service that takes no time',
      (hello) => (hello.local!.services[0]!.serviceMs = 0),
      'hello.local.services[0].service_ms',
    ],
    [
      'a service without a name',
      (hello) => (hello.local!.services[0]!.variant = ''),
      'hello.local.services[0].variant',
    ],
    [
      'a service that gives energy',
      (hello) => (hello.local!.services[0]!.energyJ = -1),
      'hello.local.services[0].energy_j',
    ],
    [
      'a service twice',
      (hello) => hello.local!.services.push({ ...hello.local!.services[0]! }),
      'hello.local.services',
    ],
    ['a variant without a name', (hello) => (hello.variants[0]!.name = ''), 'hello.variants[0].name'],
    ['a variant without work', (hello) => (hello.variants[0]!.macs = 0), 'hello.variants[0].macs'],
    [
      'a precision that is none',
      (hello) => (hello.variants[0]!.precision = 'fp64'),
      'hello.variants[0].precision',
    ],
    ['an accuracy in per cent', (hello) => (hello.variants[0]!.accuracy = 90), 'hello.variants[0].accuracy'],
    ['a variant twice', (hello) => (hello.variants[1]!.name = hello.variants[0]!.name), 'hello.variants'],
    [
      'too many variants',
      (hello) => (hello.variants = Array(257).fill(hello.variants[0]!) as []),
      'hello.variants',
    ],
    ['a target without a load', (hello) => (hello.targets[0]!.load = undefined), 'hello.targets[0].load'],
    [
      'a target on the device',
      (hello) => (hello.targets[0]!.load!.tier = common.Tier.DEVICE),
      'hello.targets[0].load.tier',
    ],
    [
      'a target on no tier',
      (hello) => (hello.targets[0]!.load!.tier = 7 as common.Tier),
      'hello.targets[0].load.tier',
    ],
    [
      'a target that is the device',
      (hello) => (hello.targets[0]!.load!.nodeId = 'd'),
      'hello.targets[0].load.node_id',
    ],
    [
      'a round trip into the past',
      (hello) => (hello.targets[0]!.roundTripMs = -1),
      'hello.targets[0].round_trip_ms',
    ],
    ['a target twice', (hello) => hello.targets.push(hello.targets[0]!), 'hello.targets'],
    [
      'too many targets',
      (hello) => (hello.targets = Array(257).fill(hello.targets[0]!) as []),
      'hello.targets',
    ],
    ['a floor above 1', (hello) => (hello.objective!.accuracyFloor = 2), 'hello.objective.accuracy_floor'],
    ['no deadline', (hello) => (hello.objective!.deadlineMs = 0), 'hello.objective.deadline_ms'],
    ['nothing asked', (hello) => (hello.objective!.meanWeight = 0), 'hello.objective.mean_weight'],
    ['a negative tail', (hello) => (hello.objective!.tailWeight = -1), 'hello.objective.tail_weight'],
    [
      'a price that is none',
      (hello) => (hello.objective!.energyMsPerJ = NaN),
      'hello.objective.energy_ms_per_j',
    ],
    ['no tier allowed', (hello) => (hello.objective!.allowedTiers = []), 'hello.objective.allowed_tiers'],
    [
      'a field that no objective has',
      (hello) => (hello.objectiveFields = ['accuracy_floor', 'speed']),
      'hello.objective_fields[1]',
    ],
    [
      'a tier that is none',
      (hello) => (hello.objective!.allowedTiers = [common.Tier.UNSPECIFIED]),
      'hello.objective.allowed_tiers[0]',
    ],
  ];
  it('asks for what it names of an objective, and for all of it when it names nothing', () => {
    const hello = helloToWire('c', deviceHello('d', { objective: { accuracyFloor: 0.9 } }));
    expect(hello.objectiveFields).toEqual(['accuracy_floor']);
    expect(helloFromWire(hello).hello.objective).toEqual({ accuracyFloor: 0.9 });
    const whole = { ...defaultObjective, accuracyFloor: 0.9 };
    expect(helloFromWire({ ...hello, objectiveFields: [] }).hello.objective).toEqual(whole);
  });

  it.each(faults)('with %s is refused', (_what, spoil, field) => {
    const objective = {
      accuracyFloor: 0.5,
      deadlineMs: 100,
      meanWeight: 1,
      tailWeight: 0,
      energyMsPerJ: 0,
      allowedTiers: ['device', 'edge'] as const,
    };
    const hello = helloToWire('c', deviceHello('d', { objective }));
    expect(violated(() => helloFromWire(hello))).toEqual([]);
    spoil(hello);
    expect(violated(() => helloFromWire(hello))).toContain(field);
  });

  it('with many faults is told them all at once', () => {
    const hello = { ...helloToWire('', deviceHello('d')), agentInstanceId: '', local: undefined };
    expect(violated(() => helloFromWire(hello))).toEqual([
      'hello.cell_id',
      'hello.agent_instance_id',
      'hello.local',
    ]);
  });
});

describe('state', () => {
  const faults: [string, (state: policy.AgentState) => void, string][] = [
    ['negative frames', (state) => (state.framesPerSecond = -1), 'state.frames_per_second'],
    ['frames that are no number', (state) => (state.framesPerSecond = NaN), 'state.frames_per_second'],
    ['negative variability', (state) => (state.arrivalVariability = -0.1), 'state.arrival_variability'],
    ['an overdrawn balance', (state) => (state.balance!.balance = -1), 'state.balance.balance'],
    ['a negative cap', (state) => (state.balance!.cap = -1), 'state.balance.cap'],
    ['endless debits', (state) => (state.balance!.debitedTotal = Infinity), 'state.balance.debited_total'],
    ['negative credits', (state) => (state.balance!.creditedTotal = -1), 'state.balance.credited_total'],
    ['a ledger too long', (state) => (state.balance!.ledgerId = 'x'.repeat(257)), 'state.balance.ledger_id'],
    ['the processor of another', (state) => (state.local!.nodeId = 'other'), 'state.local.node_id'],
    ['a target without a load', (state) => (state.targets[0]!.load = undefined), 'state.targets[0].load'],
  ];
  it.each(faults)('with %s is refused', (_what, spoil, field) => {
    const balance = { ledgerId: 'l', balance: 0, cap: 0, debitedTotal: 0, creditedTotal: 0 };
    const state = stateToWire(deviceState({ balance, local: deviceHello('d').local }));
    expect(violated(() => stateFromWire(state, 'd'))).toEqual([]);
    spoil(state);
    expect(violated(() => stateFromWire(state, 'd'))).toContain(field);
  });
});

describe('outcomes', () => {
  const wire = (more: Partial<policy.Outcome> = {}, sequence = 1): policy.Outcome => ({
    ...outcomeToWire(sequence, outcome('d'), 0),
    ...more,
  });
  const batch = (outcomes: policy.Outcome[], oldestPendingSequence = 0n) =>
    outcomesFromWire({ outcomes, oldestPendingSequence }, 'd', 1_000);

  const faults: [string, Partial<policy.Outcome>, string][] = [
    ['no placement', { placement: undefined }, 'placement: missing'],
    [
      'a tier that is none',
      { placement: { tier: common.Tier.UNSPECIFIED, nodeId: 'e', variant: 'v' } },
      'placement.tier: ',
    ],
    [
      'no variant',
      { placement: { tier: common.Tier.EDGE, nodeId: 'e', variant: '' } },
      'placement.variant: ',
    ],
    [
      'the processor of another device',
      { placement: { tier: common.Tier.DEVICE, nodeId: 'other', variant: 'v' } },
      'placement.node_id: ',
    ],
    [
      'the device as an edge',
      { placement: { tier: common.Tier.EDGE, nodeId: 'd', variant: 'v' } },
      'placement.node_id: ',
    ],
    ['no reason', { reason: agent.Reason.UNSPECIFIED }, 'reason: '],
    ['a version too large', { directiveVersion: 2n ** 60n }, 'directive_version: '],
    ['no hops', { hops: undefined }, 'hops: missing'],
    ['a negative hop', { hops: { ...outcome('d').hops, queueMs: -1 } }, 'hops.queue_ms: '],
    ['a response that took a year', { responseMs: 3e10 }, 'response_ms: '],
    ['a response that is no number', { responseMs: NaN }, 'response_ms: '],
    ['an endless prediction', { predictedMs: Infinity }, 'predicted_ms: '],
    ['negative energy', { energyJ: -1 }, 'energy_j: '],
    ['an accuracy in per cent', { expectedAccuracy: 90 }, 'expected_accuracy: '],
    ['too much confidence', { confidence: 1.1 }, 'confidence: '],
    ['a negative margin', { margin: -0.1 }, 'margin: '],
    ['a propensity above 1', { propensity: 2 }, 'propensity: '],
    ['an age before its end', { ageMs: -5 }, 'age_ms: '],
    ['a failure that is none', { failure: 'OOPS' }, 'failure: '],
  ];
  it.each(faults)('with %s are settled, named, and spoil nothing else', (_what, spoilt, fault) => {
    const { outcomes } = batch([wire({}, 1), wire(spoilt, 2), wire({}, 3)]);
    expect(outcomes.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(outcomes[0]).toHaveProperty('outcome');
    expect(outcomes[1]).toMatchObject({ faults: [expect.stringContaining(fault)] });
    expect(outcomes[2]).toHaveProperty('outcome');
  });

  it('that failed need no times', () => {
    expect(batch([wire({ failure: 'UNAVAILABLE', hops: undefined })]).outcomes[0]).toMatchObject({
      outcome: { failure: 'UNAVAILABLE', hops: { computeMs: 0 } },
    });
  });

  it('that cannot be acknowledged are refused with their message', () => {
    expect(violated(() => batch([wire({}, 1), wire({}, 0)]))).toEqual(['outcomes.outcomes[1].sequence']);
    expect(violated(() => batch([wire({ sequence: 2n ** 53n })]))).toEqual(['outcomes.outcomes[0].sequence']);
    expect(violated(() => batch([], 2n ** 63n))).toEqual(['outcomes.oldest_pending_sequence']);
    expect(violated(() => batch(Array<policy.Outcome>(maxOutcomes + 1).fill(wire())))).toEqual([
      'outcomes.outcomes',
    ]);
  });
});
