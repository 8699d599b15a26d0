import { defaultObjective, type Directive } from '@weir/domain';
import type { policy } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { directiveFromWire, directiveToWire } from './directive.ts';

const placement = { tier: 'edge', nodeId: 'e', variant: 'v' } as const;
const action = { placement, accuracy: 0.9, serviceMs: 100, networkMs: 10, energyJ: 1 };
const directive: Directive = {
  instanceId: 'instance-1',
  version: 1,
  ownerEpoch: 3,
  statePauseMs: 5_000,
  outcomePauseMs: 2_000,
  leaseMs: 5_000,
  learner: 'planner',
  planned: placement,
  thresholdMs: 30,
  explored: false,
  propensity: 1,
  actions: [action, { ...action, placement: { ...placement, variant: 'w' } }],
  accuracyPriceMs: 500,
  objective: defaultObjective,
  ledger: { ledgerId: 'l', creditTotal: 0, debitRequestedTotal: 0 },
  predictedMs: 110,
};

describe('directive', () => {
  it.each<[string, (wire: policy.Directive) => void]>([
    ['version', (wire) => (wire.version = 2n ** 60n)],
    ['owner_epoch', (wire) => (wire.ownerEpoch = 2n ** 60n)],
    ['lease_ms', (wire) => (wire.leaseMs = NaN)],
    ['state_pause_ms', (wire) => (wire.statePauseMs = -1)],
    ['outcome_pause_ms', (wire) => (wire.outcomePauseMs = Infinity)],
    ['learner', (wire) => (wire.learner = 'x'.repeat(129))],
    ['planned', (wire) => (wire.planned = undefined)],
    ['planned.variant', (wire) => (wire.planned!.variant = '')],
    ['threshold_ms', (wire) => (wire.thresholdMs = NaN)],
    ['propensity', (wire) => (wire.propensity = 2)],
    ['accuracy_price_ms', (wire) => (wire.accuracyPriceMs = Infinity)],
    ['objective', (wire) => (wire.objective = undefined)],
    ['objective.allowed_tiers', (wire) => (wire.objective!.allowedTiers = [])],
    ['cell_tiers[0]', (wire) => (wire.cellTiers = [0])],
    ['ledger.credit_total', (wire) => (wire.ledger!.creditTotal = NaN)],
    ['ledger.debit_requested_total', (wire) => (wire.ledger!.debitRequestedTotal = -1)],
  ])('with a bad %s is refused', (field, spoil) => {
    const wire = directiveToWire(directive);
    expect(directiveFromWire(wire)).toEqual({ value: directive, leftOut: [] });
    spoil(wire);
    expect(() => directiveFromWire(wire)).toThrow(`${field}: `);
  });

  it('that is to be obeyed needs no threshold', () => {
    const wire = { ...directiveToWire(directive), obey: true, thresholdMs: NaN };
    expect(directiveFromWire(wire).value.thresholdMs).toBe(Infinity);
  });

  it.each<[string, Partial<policy.ActionCost>]>([
    ['accuracy', { accuracy: 90 }],
    ['service_ms', { serviceMs: NaN }],
    ['network_ms', { networkMs: -1 }],
    ['energy_j', { energyJ: Infinity }],
    ['placement', { placement: undefined }],
  ])('leaves out an action with a bad %s, and only that', (field, bad) => {
    const wire = directiveToWire(directive);
    Object.assign(wire.actions[0]!, bad);
    const { value, leftOut } = directiveFromWire(wire);
    expect(leftOut.map((fault) => fault.field)).toEqual([`actions[0].${field}`]);
    expect(value).toEqual({ ...directive, actions: directive.actions.slice(1) });
  });

  describe('with a second look', () => {
    const secondLook = {
      placement: { ...placement, variant: 'w' },
      marginBelow: 0.3,
      curves: 'v1',
    };

    it('carries it', () => {
      const wire = directiveToWire({ ...directive, secondLook });
      expect(directiveFromWire(wire)).toEqual({ value: { ...directive, secondLook }, leftOut: [] });
    });

    it.each<[string, (look: policy.PlannedLook) => void]>([
      ['placement', (look) => (look.placement = undefined)],
      ['placement.variant', (look) => (look.placement!.variant = '')],
      ['margin_below', (look) => (look.marginBelow = 0)],
      ['margin_below', (look) => (look.marginBelow = Infinity)],
      ['curves', (look) => (look.curves = '')],
    ])('leaves out one with a bad %s, and only that', (field, spoil) => {
      const wire = directiveToWire({ ...directive, secondLook });
      spoil(wire.secondLook!);
      const { value, leftOut } = directiveFromWire(wire);
      expect(leftOut.map((fault) => fault.field)).toEqual([`second_look.${field}`]);
      expect(value).toEqual(directive);
    });
  });

  it('takes no promise for one of no time', () => {
    const wire = { ...directiveToWire(directive), predictedMs: Infinity };
    expect(directiveFromWire(wire).value.predictedMs).toBe(0);
  });
});
