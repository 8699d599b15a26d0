import { InvalidInput, seededRandom } from '@weir/base';
import { createDispatcher } from '@weir/dispatch';
import { defaultObjective, type Directive, type Objective, type Tier, tightenObjective } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { OwnObjective } from './own-objective.ts';

const cell: Objective = { ...defaultObjective, accuracyFloor: 0.7, deadlineMs: 1_000 };

const setUp = (own: Partial<Objective> = {}) => parts(own).objective;

function parts(own: Partial<Objective>) {
  const dispatcher = createDispatcher({
    deviceId: 'd',
    localNode: { id: 'd', tier: 'device', slots: 1, variants: [] },
    variants: [],
    objective: cell,
    random: seededRandom(1),
  });
  return { dispatcher, objective: new OwnObjective(dispatcher, { own, cell }) };
}

const directive = (objective: Objective): Directive => ({
  instanceId: 'instance-1',
  version: 1,
  leaseMs: 10_000,
  learner: 'planner',
  planned: { tier: 'device', nodeId: 'd', variant: 'v' },
  thresholdMs: 0,
  explored: false,
  propensity: 1,
  actions: [],
  accuracyPriceMs: 0,
  objective,
  ledger: { ledgerId: '', creditTotal: 0, debitRequestedTotal: 0 },
  predictedMs: 0,
});

describe('OwnObjective', () => {
  it('is the cell’s where the device asks nothing', () => {
    const objective = setUp();
    expect(objective.asked).toBeUndefined();
    expect(objective.inForce).toEqual(cell);
  });

  it('never lowers the floor, lengthens the deadline or widens the tiers', () => {
    const objective = setUp({ accuracyFloor: 0.5, deadlineMs: 5_000, allowedTiers: ['device'] });
    expect(objective.inForce).toMatchObject({
      accuracyFloor: 0.7,
      deadlineMs: 1_000,
      allowedTiers: ['device'],
    });
    objective.ask({ ...cell, accuracyFloor: 0.9 });
    expect(objective.inForce).toMatchObject({ accuracyFloor: 0.9 });
  });

  it('never allows more looks than the cell, and fewer where asked', () => {
    expect(setUp({ maxLooks: 1 }).inForce.maxLooks).toBe(1);
    const { objective, dispatcher } = parts({ maxLooks: 2 });
    dispatcher.applyDirective(directive({ ...cell, maxLooks: 1 }), 0);
    expect(objective.inForce.maxLooks).toBe(1);
  });

  it('leaves all that the device does not name to the cell, also what the cell changes later', () => {
    const { objective, dispatcher } = parts({ accuracyFloor: 0.9 });
    expect(objective.asked).toEqual({ accuracyFloor: 0.9 });
    const later: Objective = { ...cell, deadlineMs: 30_000, tailWeight: 1, energyMsPerJ: 50 };
    dispatcher.applyDirective(directive(later), 0);
    objective.directed({ objective: later });
    expect(objective.inForce).toEqual({ ...later, accuracyFloor: 0.9 });
  });

  it('keeps the looks that an application does not speak of', () => {
    const { objective } = parts({ maxLooks: 1 });
    const { maxLooks: _unsaid, ...others } = cell;
    objective.ask(others);
    expect(objective.inForce.maxLooks).toBe(1);
    objective.ask({ ...others, maxLooks: 2 });
    expect(objective.inForce.maxLooks).toBe(2);
  });

  it('keeps the audits that an application does not speak of, and the cell’s where the device asks for none', () => {
    const { auditShare: _unsaid, ...others } = cell;
    const { objective } = parts({ auditShare: 0.2 });
    expect(objective.inForce.auditShare).toBe(0.2);
    objective.ask(others);
    expect(objective.inForce.auditShare).toBe(0.2);
    objective.ask({ ...others, auditShare: 0 });
    expect(objective.inForce.auditShare).toBe(0);
    const unasked = parts({});
    unasked.objective.ask(others);
    unasked.dispatcher.applyDirective(directive({ ...cell, auditShare: 0.5 }), 0);
    expect(unasked.objective.inForce.auditShare).toBe(0.5);
  });

  it('refuses tiers that the cell does not allow at all', () => {
    const objective = setUp();
    objective.directed({ objective: { ...cell, allowedTiers: ['edge'] } });
    expect(() => objective.ask({ ...cell, allowedTiers: ['device'] })).toThrow(InvalidInput);
  });

  describe('whose cell narrows its tiers', () => {
    const told = (cellTiers: readonly Tier[], { objective, dispatcher } = parts({})) => {
      const { asked } = objective;
      const next = {
        ...directive(tightenObjective({ ...cell, allowedTiers: cellTiers }, asked)),
        cellTiers,
      };
      objective.directed(next);
      dispatcher.applyDirective(next, 0);
      return objective;
    };

    it('tells what the device requests from what the cell’s directives hold because of it', () => {
      const device = parts({ allowedTiers: ['device'] });
      const objective = told(['device', 'edge'], device);
      expect(objective.inForce.allowedTiers).toEqual(['device']);
      objective.ask({ ...cell, allowedTiers: ['edge'] });
      expect(objective.inForce.allowedTiers).toEqual(['edge']);
      expect(() => objective.ask({ ...cell, allowedTiers: ['cloud'] })).toThrow(InvalidInput);
    });

    it('keeps frames on the device when the cell no longer allows the tier that the device had asked for', () => {
      const device = parts({ allowedTiers: ['edge'] });
      expect(told(['device', 'edge'], device).inForce.allowedTiers).toEqual(['edge']);
      expect(told(['cloud'], device).inForce.allowedTiers).toEqual(['device']);
    });
  });
});
