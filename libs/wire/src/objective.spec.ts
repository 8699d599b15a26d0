import { Violations } from '@weir/base';
import { defaultObjective, type Objective } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { objectiveFromWire, objectiveToWire } from './objective.ts';

function faultsOf(wire: Parameters<typeof objectiveFromWire>[0]): string[] {
  const violations = new Violations();
  objectiveFromWire(wire, 'objective', violations);
  return violations.found.map(({ field }) => field);
}
const bad = (over: Partial<Objective>) => faultsOf(objectiveToWire({ ...defaultObjective, ...over }));

describe('objectiveFromWire', () => {
  it('takes the default', () => expect(bad({})).toEqual([]));

  it.each([
    ['accuracy_floor', { accuracyFloor: 1.5 }],
    ['accuracy_floor', { accuracyFloor: NaN }],
    ['deadline_ms', { deadlineMs: 0 }],
    ['deadline_ms', { deadlineMs: Infinity }],
    ['mean_weight', { meanWeight: -1 }],
    ['mean_weight', { meanWeight: 0, tailWeight: 0 }],
    ['tail_weight', { tailWeight: -1 }],
    ['energy_ms_per_j', { energyMsPerJ: Infinity }],
    ['allowed_tiers', { allowedTiers: [] }],
    ['max_looks', { maxLooks: 3 }],
  ])('refuses a bad %s: %o', (field, over) => expect(bad(over)).toEqual([`objective.${field}`]));

  it('refuses none at all, and a tier that is none', () => {
    expect(faultsOf(undefined)).toEqual(['objective']);
    expect(faultsOf({ ...objectiveToWire(defaultObjective), allowedTiers: [0] })).toEqual([
      'objective.allowed_tiers[0]',
    ]);
  });

  it('names all faults together', () => {
    expect(bad({ accuracyFloor: -1, deadlineMs: -1 })).toEqual([
      'objective.accuracy_floor',
      'objective.deadline_ms',
    ]);
  });

  it.each([
    [0, 2],
    [1, 1],
    [2, 2],
  ])('takes %i looks for %i', (maxLooks, meant) => {
    const wire = { ...objectiveToWire(defaultObjective), maxLooks };
    expect(objectiveFromWire(wire, 'o', new Violations())).toEqual({ ...defaultObjective, maxLooks: meant });
  });

  it('counts a tier once', () => {
    const wire = objectiveToWire({ ...defaultObjective, allowedTiers: ['edge', 'edge', 'device'] });
    expect(objectiveFromWire(wire, 'o', new Violations()).allowedTiers).toEqual(['edge', 'device']);
  });
});
