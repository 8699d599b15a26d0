import type { InvalidInput } from '@weir/base';
import { common, policy } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { checkDecisionTrace } from './decision-trace.ts';
import { limits } from './limits.ts';

const id = 'x'.repeat(limits.idLength);
const placement = { tier: common.Tier.EDGE, nodeId: id, variant: id };
const many = <T>(count: number, one: T) => Array.from({ length: count }, () => one);
const action = { placement, predictedMs: Infinity, costMs: 7, accuracy: 0.8, boundBy: 'unreachable' };
const full = {
  requestId: id,
  thresholdMs: Infinity,
  placement,
  decision: { failedAttempts: many(256, `${id}: UNAVAILABLE`) },
  actions: many(limits.tracedActions, action),
  looks: many(3, { placement, failure: 'UNAVAILABLE' }),
};
const faultsOf = (...decisions: object[]): string[] => {
  try {
    checkDecisionTrace({
      id: 1n,
      decisions: decisions.map((each) => policy.TracedDecision.fromPartial(each)),
    });
    return [];
  } catch (error) {
    return (error as InvalidInput).violations.map(({ field }) => field);
  }
};

describe('an agent’s last decisions', () => {
  it('are taken, however much it knew and however little it hoped', () => {
    expect(faultsOf(...many(8, full))).toEqual([]);
    expect(faultsOf(...many(limits.decisions, { ...full, decision: {} }))).toEqual([]);
  });

  it.each([
    ['too long a text', { failure: 'y'.repeat(301) }, 'decisions.decisions[0].failure'],
    [
      'a text deep within',
      { looks: [{ failure: 'y'.repeat(301) }] },
      'decisions.decisions[0].looks[0].failure',
    ],
    ['too long a list', { looks: many(257, {}) }, 'decisions.decisions[0].looks'],
    ['what is no number', { responseMs: NaN }, 'decisions.decisions[0].response_ms'],
  ])('are refused with %s', (_, decision, field) => {
    expect(faultsOf(decision)).toEqual([field]);
  });

  it('are refused where they are too many, or too large together', () => {
    expect(faultsOf(...many(limits.decisions + 1, {}))).toEqual(['decisions.decisions']);
    const texts = many(256, 'y'.repeat(300));
    expect(faultsOf(...many(40, { decision: { failedAttempts: texts } }))).toEqual(['decisions.decisions']);
  });
});
