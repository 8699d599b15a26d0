import { seededRandom } from '@weir/base';
import type { LookCurves } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { EpochCell } from './epoch-cell.ts';
import { fixedThreshold, twoLookOptimum } from './hindsight.ts';
import { optimum } from './oracle.ts';
import { paperFamily } from '../family.ts';

const [large, small] = [paperFamily[0]!, paperFamily[6]!];
const looks: LookCurves = {
  version: 'v',
  pictures: 1_000,
  curves: [
    {
      first: small.name,
      second: large.name,
      steps: [
        { marginBelow: 0.3, share: 0.1, gain: 0.04, standardError: 0.001 },
        { marginBelow: 0.6, share: 0.3, gain: 0.06, standardError: 0.001 },
      ],
    },
  ],
};
const cellOf = (more: object) => new EpochCell(seededRandom(1), { users: 2, looks, ...more });

describe('the oracle of two looks', () => {
  it('is that of one look where nobody may look twice', () => {
    const once = cellOf({ looks: undefined, floor: 0.88 });
    expect(twoLookOptimum(once)!.meanMs).toBeCloseTo(optimum(once)!.meanMs, 9);
  });

  it('has one device look twice where that is cheapest, by hand', () => {
    const cell = cellOf({ users: 1, floor: 0.89 });
    // By itself, and 30 % again at the edge, alone there.
    const own = cell.responseMs(0, { tier: 'device', nodeId: 'device-1', variant: small.name }, 1);
    const found = twoLookOptimum(cell)!;
    expect(found.meanMs).toBeCloseTo(own + 0.3 * 300, 9);
    expect(found.exact).toBe(true);
    expect(found.secondLooks.get('device-1')).toMatchObject({
      placement: { nodeId: 'edge' },
      marginBelow: 0.6,
    });
    expect(found.accuracy).toBeCloseTo(small.accuracy + 0.06, 9);
  });

  it.each([0, 0.85, 0.88, 0.895])('is at least as quick as one look and one threshold, floor %d', (floor) => {
    const cell = cellOf({ users: 3, floor, experiment: 'C' });
    const found = twoLookOptimum(cell)!;
    expect(found.accuracy).toBeGreaterThanOrEqual(floor - 1e-9);
    expect(found.meanMs).toBeLessThanOrEqual(optimum(cell)!.meanMs + 1e-9);
    expect(found.meanMs).toBeLessThanOrEqual((fixedThreshold(cell)?.meanMs ?? Infinity) + 1e-9);
  });
});

describe('one fixed threshold', () => {
  it('is the same first look and threshold on all devices, each second look where it is quickest', () => {
    const { placements, secondLooks, accuracy } = fixedThreshold(cellOf({ floor: 0.88 }))!;
    expect([...placements.values()].map(({ tier, variant }) => [tier, variant])).toEqual([
      ['device', small.name],
      ['device', small.name],
    ]);
    expect([...secondLooks.values()].map(({ marginBelow }) => marginBelow)).toEqual([0.6, 0.6]);
    expect([...secondLooks.values()].map(({ placement }) => placement.nodeId).toSorted()).toEqual([
      'cloud',
      'edge',
    ]);
    expect(accuracy).toBeCloseTo(small.accuracy + 0.06, 9);
  });

  it('takes the steps nearest to a given share, whether or not there is a quicker rule', () => {
    const { secondLooks } = fixedThreshold(cellOf({ floor: 0.8 }), { share: 0.15 })!;
    expect([...secondLooks.values()].map(({ marginBelow }) => marginBelow)).toEqual([0.3, 0.3]);
  });

  it('is none where no rule meets the floor', () => {
    expect(fixedThreshold(cellOf({ floor: 0.895 }), { share: 0.1 })).toBeUndefined();
  });
});
