import type { Outcome } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { EarnedBalances } from './earned-balances.ts';

const terms = {
  accuracyFloor: 0.8,
  accuracyOf: (variant: string) =>
    new Map([
      ['large', 0.9],
      ['small', 0.7],
    ]).get(variant),
};

const answer = (variant: string, more: Partial<Outcome> = {}): Outcome => ({
  deviceId: 'a',
  placement: { tier: 'device', nodeId: 'a', variant },
  planVersion: 1,
  reason: 'planned',
  at: 0,
  hops: { agentMs: 0, uplinkMs: 0, queueMs: 0, decodeMs: 0, computeMs: 1, downlinkMs: 0 },
  responseMs: 1,
  predictedMs: 1,
  energyJ: 0,
  accuracy: 0.9,
  margin: 1,
  concurrency: 0,
  propensity: 1,
  ...more,
});

function heldAfter(...outcomes: readonly Outcome[]): number {
  const earned = new EarnedBalances();
  earned.learn(outcomes, terms);
  return earned.of('a');
}

describe('earned balances', () => {
  it('grow and shrink with the answers of a device, and never below 0', () => {
    expect(heldAfter(answer('large'), answer('large'))).toBeCloseTo(0.2);
    expect(heldAfter(answer('large'), answer('large'), answer('small', { accuracy: 0.7 }))).toBeCloseTo(0.1);
    expect(heldAfter(answer('small', { accuracy: 0.7 }), answer('large'))).toBeCloseTo(0.1);
  });

  it.each([
    ['more than the cell knows of the variant', answer('large', { accuracy: 1 }), 0.1],
    ['less, where the cell’s pictures are worse', answer('large', { accuracy: 0.85 }), 0.05],
    ['a variant that nobody knows', answer('made-up', { accuracy: 1 }), 0],
    ['a failure', answer('large', { failure: 'UNAVAILABLE' }), 0],
    ['an audit', answer('large', { shadow: true }), 0],
    ['a first look whose answer does not stand', answer('large', { lookedAgain: true }), 0],
  ])('count %s as what it is', (_what, outcome, held) => {
    expect(heldAfter(outcome)).toBeCloseTo(held);
  });

  it('are no more than any agent keeps, and nothing without a floor', () => {
    expect(heldAfter(...Array.from({ length: 1_000 }, () => answer('large')))).toBe(20);
    const earned = new EarnedBalances();
    earned.learn([answer('large')], { ...terms, accuracyFloor: 0 });
    expect(earned.of('a')).toBe(0);
  });

  it('are of each device, and forgotten with it', () => {
    const earned = new EarnedBalances();
    earned.learn([answer('large'), answer('large', { deviceId: 'b' })], terms);
    earned.add('b', -5);
    expect([earned.of('a'), earned.of('b')]).toEqual([expect.closeTo(0.1), 0]);
    earned.forget('a');
    expect(earned.of('a')).toBe(0);
  });
});
