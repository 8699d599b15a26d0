import type { InvalidInput } from '@weir/base';
import { agent, common, type policy } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { outcome } from './device.fixture.ts';
import { limits } from './limits.ts';
import { ackToWire, outcomesFromWire, outcomeToWire } from './outcome.ts';

const violated = (convert: () => unknown): string[] => {
  try {
    convert();
    return [];
  } catch (error) {
    return (error as InvalidInput).violations.map(({ field }) => field);
  }
};

describe('outcomes', () => {
  const wire = (more: Partial<policy.Outcome> = {}, sequence = 1): policy.Outcome => ({
    ...outcomeToWire({ sequence: BigInt(sequence), outcome: outcome('d'), confidence: 0.8 }, 0),
    ...more,
  });
  const batch = (outcomes: policy.Outcome[], oldestPendingSequence = 0n) =>
    outcomesFromWire({ outcomes, oldestPendingSequence }, 'd', 1_000);

  const firstLook = {
    placement: { tier: common.Tier.DEVICE, nodeId: 'd', variant: 'v' },
    margin: 0.1,
    agreed: true,
  };

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
    ['more at once than any node bears', { concurrency: 4e9 }, 'concurrency: '],
    ['a batch larger than any node computes', { batchSize: 4e9 }, 'batch_size: '],
    ['a negative margin', { margin: -0.1 }, 'margin: '],
    ['a propensity above 1', { propensity: 2 }, 'propensity: '],
    ['an age before its end', { ageMs: -5 }, 'age_ms: '],
    ['a failure that is none', { failure: 'OOPS' }, 'failure: '],
    [
      'a first look nowhere',
      { firstLook: { ...firstLook, placement: undefined } },
      'first_look.placement: missing',
    ],
    [
      'a first look on another device',
      { firstLook: { ...firstLook, placement: { ...firstLook.placement, nodeId: 'other' } } },
      'first_look.placement.node_id: ',
    ],
    ['a margin in per cent', { firstLook: { ...firstLook, margin: 12 } }, 'first_look.margin: '],
  ];
  it.each(faults)('with %s are settled, named, and spoil nothing else', (_what, spoilt, fault) => {
    const { outcomes } = batch([wire({}, 1), wire(spoilt, 2), wire({}, 3)]);
    expect(outcomes.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(outcomes[0]).toHaveProperty('outcome');
    expect(outcomes[1]).not.toHaveProperty('outcome');
    expect(outcomes[1]).toMatchObject({ faults: [expect.stringContaining(fault)] });
    expect(outcomes[2]).toHaveProperty('outcome');
  });

  it.each([0, 1])('of a frame alone, told as a batch of %i, name none', (batchSize) => {
    expect(batch([wire({ batchSize })]).outcomes[0]).not.toHaveProperty('outcome.batchSize');
  });

  it('of one look alone, name neither a first nor a next', () => {
    const [one] = batch([wire()]).outcomes;
    expect(one).not.toHaveProperty('outcome.lookedAgain');
    expect(one).not.toHaveProperty('outcome.firstLook');
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
    expect(violated(() => batch(Array<policy.Outcome>(limits.outcomes + 1).fill(wire())))).toEqual([
      'outcomes.outcomes',
    ]);
  });

  it('that are refused are acknowledged with the others, so that they are not sent for ever', () => {
    expect(ackToWire(3, [{ sequence: 2, faults: ['energy_j: no'] }])).toEqual({
      throughSequence: 3n,
      renewedVersion: 0n,
      refused: [{ sequence: 2n, faults: ['energy_j: no'] }],
    });
  });
});
