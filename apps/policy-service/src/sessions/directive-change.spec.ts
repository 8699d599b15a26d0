import { defaultObjective, type Directive } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { saysMore } from './directive-change.ts';

const placement = { tier: 'edge', nodeId: 'e', variant: 'v' } as const;
const action = { placement, accuracy: 0.9, serviceMs: 100, networkMs: 10, energyJ: 1 };
const secondLook = { placement: { ...placement, variant: 'w' }, marginBelow: 0.3, curves: 'v1' };
const lost = { variant: 'v', loss: 2, share: 1.2 };
const correction = { shortfall: 0.01, firsts: [lost] };
const before: Directive = {
  instanceId: 'instance-1',
  version: 1,
  leaseMs: 5_000,
  learner: 'planner',
  planned: placement,
  thresholdMs: 30,
  explored: false,
  propensity: 1,
  actions: [action],
  accuracyPriceMs: 500,
  objective: defaultObjective,
  ledger: { ledgerId: 'l', creditTotal: 0, debitRequestedTotal: 0 },
  predictedMs: 110,
  correction,
};

describe('saysMore', () => {
  it.each<[string, Partial<Directive>]>([
    ['version and prediction', { version: 2, predictedMs: 90 }],
    ['a trial that others make', { explored: true }],
    ['a cost by a little', { actions: [{ ...action, serviceMs: 104 }] }],
    ['the price by a little', { accuracyPriceMs: 510 }],
    ['a credit by a little', { ledger: { ...before.ledger, creditTotal: 0.04 } }],
    ['a correction by a little', { correction: { ...correction, firsts: [{ ...lost, loss: 2.05 }] } }],
    [
      'the order of the tiers',
      { objective: { ...defaultObjective, allowedTiers: ['cloud', 'edge', 'device'] } },
    ],
  ])('is false for %s', (_what, change) => expect(saysMore({ ...before, ...change }, before)).toBe(false));

  it.each<[string, Partial<Directive>]>([
    ['what the cell allows', { cellTiers: ['device'] }],
    ['the plan', { planned: { ...placement, variant: 'w' } }],
    ['a second look', { secondLook }],
    ['the learner', { learner: 'edge-only' }],
    ['obedience', { thresholdMs: Infinity }],
    ['a cost by much', { actions: [{ ...action, serviceMs: 110 }] }],
    ['the network by much', { actions: [{ ...action, networkMs: 12 }] }],
    ['an accuracy', { actions: [{ ...action, accuracy: 0.89 }] }],
    ['an action that is gone', { actions: [] }],
    ['another action', { actions: [{ ...action, placement: { ...placement, nodeId: 'f' } }] }],
    ['the price by much', { accuracyPriceMs: 600 }],
    ['what is lost by much', { correction: { ...correction, firsts: [{ ...lost, loss: 2.2 }] } }],
    ['the share of uncertain frames', { correction: { ...correction, firsts: [{ ...lost, share: 1.4 }] } }],
    ['who loses', { correction: { ...correction, firsts: [{ ...lost, variant: 'w' }] } }],
    ['a shortfall', { correction: { ...correction, shortfall: 0.02 } }],
    ['the floor', { objective: { ...defaultObjective, accuracyFloor: 0.5 } }],
    ['a credit', { ledger: { ...before.ledger, creditTotal: 0.1 } }],
    ['a debit', { ledger: { ...before.ledger, debitRequestedTotal: 0.1 } }],
  ])('is true for %s', (_what, change) => expect(saysMore({ ...before, ...change }, before)).toBe(true));

  it.each([
    ['place', { ...secondLook, placement }],
    ['threshold', { ...secondLook, marginBelow: 0.4 }],
    ['curves', { ...secondLook, curves: 'v2' }],
    ['absence', undefined],
  ])('notices another %s of the second look', (_what, next) => {
    const { secondLook: _, ...without } = { ...before, secondLook };
    expect(saysMore({ ...without, ...(next && { secondLook: next }) }, { ...before, secondLook })).toBe(true);
    expect(saysMore({ ...before, secondLook: { ...secondLook } }, { ...before, secondLook })).toBe(false);
  });

  it('notices when nothing is corrected any more', () => {
    const { correction: _, ...without } = before;
    expect(saysMore(without, before)).toBe(true);
    expect(saysMore(without, without)).toBe(false);
  });

  it('takes two endless thresholds for the same', () => {
    const obeyed = { ...before, thresholdMs: Infinity };
    expect(saysMore(obeyed, obeyed)).toBe(false);
  });

  it('is true at the end of a trial', () =>
    expect(saysMore(before, { ...before, explored: true })).toBe(true));
});
