import { describe, expect, it } from 'vitest';
import { type Objective, defaultObjective, tightenObjective } from './objective.ts';

const cell: Objective = {
  ...defaultObjective,
  accuracyFloor: 0.8,
  deadlineMs: 500,
  energyMsPerJ: 3,
  allowedTiers: ['device', 'edge'],
};

describe('tightenObjective', () => {
  it("is the cell's objective for a device that asks nothing", () => {
    expect(tightenObjective(cell, undefined)).toEqual(cell);
    expect(tightenObjective(cell, {})).toEqual(cell);
  });

  it.each<[string, Partial<Objective>, Partial<Objective>]>([
    ['takes a higher floor', { accuracyFloor: 0.85 }, { accuracyFloor: 0.85 }],
    ['keeps the floor from falling', { accuracyFloor: 0.7 }, { accuracyFloor: 0.8 }],
    ['takes a nearer deadline', { deadlineMs: 200 }, { deadlineMs: 200 }],
    ['keeps the deadline from moving away', { deadlineMs: 900 }, { deadlineMs: 500 }],
    ['leaves only tiers that both allow', { allowedTiers: ['edge', 'cloud'] }, { allowedTiers: ['edge'] }],
    [
      'keeps frames on the device when no tier is common',
      { allowedTiers: ['cloud'] },
      { allowedTiers: ['device'] },
    ],
    [
      "takes the device's own weights",
      { energyMsPerJ: 9, tailWeight: 2 },
      { energyMsPerJ: 9, tailWeight: 2 },
    ],
  ])('%s', (_what, own, changed) => {
    expect(tightenObjective(cell, own)).toEqual({ ...cell, ...changed });
  });
});
