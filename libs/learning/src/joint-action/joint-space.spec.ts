import { seededRandom } from '@weir/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ToyCell } from '../toy-cell.fixture.ts';
import {
  decode,
  encode,
  feasibleActions,
  isFeasible,
  type JointSpace,
  jointSpace,
  largestSum,
  randomJointAction,
} from './joint-space.ts';

const spaceOf = (users: number, floor: number): JointSpace =>
  jointSpace(new ToyCell(seededRandom(1), { users, floor }).observation(), 'full');
const everyIndex = ({ size }: JointSpace) => Array.from({ length: size }, (_, index) => index);
const seeds = fc.integer({ min: 0, max: 2 ** 31 });
const floors = fc.double({ min: 0.7, max: 0.9, noNaN: true });

describe('joint space', () => {
  it('numbers its joint actions from 0 without a gap', () => {
    const space = spaceOf(3, 0.85);
    expect(space.size).toBe(9 ** 3);
    for (const index of everyIndex(space)) expect(encode(space, decode(space, index))).toBe(index);
  });

  it('lists exactly the joint actions above the floor', () => {
    fc.assert(
      fc.property(floors, (floor) => {
        const space = spaceOf(2, floor);
        const expected = everyIndex(space).filter((index) => isFeasible(space, decode(space, index)));
        expect([...feasibleActions(space)]).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  it('takes the floor as a mean over the devices', () => {
    const space = spaceOf(2, 0.825);
    // Large (0.90) and small (0.75) have 0.825 between them; medium (0.86) and small do not.
    expect(isFeasible(space, [0, 2])).toBe(true);
    expect(isFeasible(space, [1, 2])).toBe(false);
  });

  it('draws masked joint actions from those above the floor, and unmasked ones from all', () => {
    fc.assert(
      fc.property(seeds, floors, (seed, floor) => {
        const space = spaceOf(3, floor);
        expect(isFeasible(space, randomJointAction(space, seededRandom(seed), true))).toBe(true);
      }),
    );
    const space = spaceOf(1, 0.9);
    const random = seededRandom(2);
    const drawn = new Set(Array.from({ length: 400 }, () => randomJointAction(space, random, false)[0]));
    expect(drawn.size).toBe(9);
  });

  it('finds the largest sum of values, above the floor where masked, as a search through all does', () => {
    fc.assert(
      fc.property(seeds, floors, fc.boolean(), (seed, floor, masked) => {
        const space = spaceOf(2, floor);
        const random = seededRandom(seed);
        const values = space.actions.map((list) => list.map(() => random.normal()));
        const sumOf = (jointAction: readonly number[]) =>
          jointAction.reduce((sum, action, device) => sum + values[device]![action]!, 0);
        const all = everyIndex(space).map((index) => decode(space, index));
        const best = Math.max(...all.filter((each) => !masked || isFeasible(space, each)).map(sumOf));
        const found = largestSum(space, values, masked);
        expect(sumOf(found)).toBeCloseTo(best, 9);
        if (masked) expect(isFeasible(space, found)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});
