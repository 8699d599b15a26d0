import { mean, seededRandom } from '@weir/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestJoint, type JointSearch } from './joint-search.ts';

interface Choice {
  readonly node: number;
  readonly ms: number;
  readonly surplus: number;
}

/** Devices that share nodes: whoever is at the same one waits for the others. */
function cellOf(seed: number, devices: number, options: number): JointSearch<Choice> {
  const random = seededRandom(seed);
  return {
    choices: Array.from({ length: devices }, () =>
      Array.from({ length: options }, () => ({
        node: random.integer(3),
        ms: 10 + 100 * random.uniform(),
        surplus: random.uniform() - 0.6,
      })),
    ),
    meanMs: (joint) =>
      mean(joint.map(({ node, ms }) => ms * joint.filter((other) => other.node === node).length)),
    surplusOf: ({ surplus }) => surplus,
  };
}

/** Every joint choice, one after the other. */
function quickest({ choices, meanMs, surplusOf }: JointSearch<Choice>): number {
  const all = choices.reduce<Choice[][]>(
    (joints, own) => joints.flatMap((joint) => own.map((choice) => [...joint, choice])),
    [[]],
  );
  const legal = all.filter((joint) => joint.reduce((sum, each) => sum + surplusOf(each), 0) >= -1e-9);
  return Math.min(Infinity, ...legal.map(meanMs));
}

describe('bestJoint', () => {
  it('tries everything where that is little, and says so', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), (seed) => {
        const search = cellOf(seed, 3, 6);
        const found = bestJoint(search);
        expect(found?.meanMs ?? Infinity).toBeCloseTo(quickest(search), 9);
        expect(found?.exact ?? true).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('finds the quickest above the floor, or one within a few per cent, where it cannot try everything', () => {
    const excess = Array.from({ length: 10 }, (_, seed) => {
      const search = cellOf(seed + 1, 4, 13);
      const found = bestJoint(search)!;
      expect(found.exact).toBe(false);
      expect(found.joint.reduce((sum, { surplus }) => sum + surplus, 0)).toBeGreaterThanOrEqual(-1e-9);
      return found.meanMs / quickest(search) - 1;
    });
    expect(mean(excess)).toBeLessThan(0.01);
    expect(Math.max(...excess)).toBeLessThan(0.05);
  });

  it('finds nothing where nothing meets the floor', () => {
    expect(bestJoint({ choices: [[1, 2]], meanMs: () => 1, surplusOf: () => -1 })).toBeUndefined();
  });
});
