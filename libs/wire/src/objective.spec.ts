import { InvalidInput } from '@weir/base';
import { defaultObjective } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { checkObjective } from './objective.ts';

const cell = { ...defaultObjective, accuracyFloor: 0.7, deadlineMs: 1000 };

describe('checkObjective', () => {
  it.each([
    ['accuracy_floor', { accuracyFloor: 1.5 }],
    ['accuracy_floor', { accuracyFloor: NaN }],
    ['deadline_ms', { deadlineMs: 0 }],
    ['mean_weight', { meanWeight: -1 }],
    ['mean_weight', { meanWeight: 0, tailWeight: 0 }],
    ['tail_weight', { tailWeight: -1 }],
    ['energy_ms_per_j', { energyMsPerJ: Infinity }],
    ['allowed_tiers', { allowedTiers: [] }],
  ])('refuses a bad %s: %o', (field, bad) => {
    expect(() => checkObjective({ ...defaultObjective, ...bad }, cell)).toThrow(`objective.${field}`);
    expect(() => checkObjective({ ...defaultObjective, ...bad }, cell)).toThrow(InvalidInput);
  });

  it('refuses tiers that the cell does not have', () => {
    const local = { ...cell, allowedTiers: ['device'] as const };
    expect(() => checkObjective({ ...defaultObjective, allowedTiers: ['cloud'] }, local)).toThrow(
      'the cell allows only device',
    );
  });

  it('names all faults together', () => {
    expect(() => checkObjective({ ...defaultObjective, accuracyFloor: -1, deadlineMs: -1 }, cell)).toThrow(
      /accuracy_floor.*deadline_ms/,
    );
  });
});
