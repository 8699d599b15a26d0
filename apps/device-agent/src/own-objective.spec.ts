import { InvalidInput, seededRandom } from '@weir/base';
import { createDispatcher, defaultObjective, type Objective } from '@weir/policy';
import { describe, expect, it } from 'vitest';
import { OwnObjective } from './own-objective.ts';

const cell: Objective = { ...defaultObjective, accuracyFloor: 0.7, deadlineMs: 1_000 };

function setUp(own: Partial<Objective> = {}) {
  const dispatcher = createDispatcher({
    deviceId: 'd',
    localNode: { id: 'd', tier: 'device', slots: 1, variants: [] },
    variants: [],
    objective: cell,
    random: seededRandom(1),
  });
  return new OwnObjective(dispatcher, { own, cell });
}

describe('OwnObjective', () => {
  it('is the cell’s where the device asks nothing', () => {
    const objective = setUp();
    expect(objective.asked).toBeUndefined();
    expect(objective.inForce(0)).toEqual(cell);
  });

  it('never lowers the floor, lengthens the deadline or widens the tiers', () => {
    const objective = setUp({ accuracyFloor: 0.5, deadlineMs: 5_000, allowedTiers: ['device'] });
    expect(objective.inForce(0)).toMatchObject({
      accuracyFloor: 0.7,
      deadlineMs: 1_000,
      allowedTiers: ['device'],
    });
    objective.ask({ ...cell, accuracyFloor: 0.9 });
    expect(objective.inForce(0)).toMatchObject({ accuracyFloor: 0.9 });
  });

  it('refuses tiers that the cell does not allow at all', () => {
    const objective = setUp();
    objective.directed({ ...cell, allowedTiers: ['edge'] });
    expect(() => objective.ask({ ...cell, allowedTiers: ['device'] })).toThrow(InvalidInput);
  });

  it('tells what is the device’s wish from what the cell’s directives hold because of it', () => {
    const objective = setUp();
    objective.ask({ ...cell, allowedTiers: ['device'] });
    objective.directed({ ...cell, allowedTiers: ['device'] });
    objective.ask({ ...cell, allowedTiers: ['edge'] });
    expect(objective.inForce(0).allowedTiers).toEqual(['edge']);
  });
});
