import { seededRandom } from '@weir/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ToyCell } from '../toy-cell.fixture.ts';
import { decode, isFeasible, jointSpace } from './joint-space.ts';
import { type Head, valueNetwork } from './value-network.ts';

const space = jointSpace(new ToyCell(seededRandom(1), { users: 2, floor: 0.85 }).observation(), 'full');
const all = Array.from({ length: space.size }, (_, index) => decode(space, index));
const seeds = fc.integer({ min: 0, max: 2 ** 31 });

describe('value network', () => {
  const heads: readonly (readonly [Head, boolean])[] = (['joint', 'summed', 'action-input'] as const).flatMap(
    (head) => [true, false].map((masked) => [head, masked] as const),
  );

  it.each(heads)(
    'with a head %s (masked: %s) finds its best joint action as a search does',
    (head, floorMask) => {
      fc.assert(
        fc.property(seeds, (seed) => {
          const random = seededRandom(seed);
          const network = valueNetwork(space, { head, floorMask, hidden: [6] }, random);
          const valueOf = (each: readonly number[]) => network.value(network.net, space.features, each);
          const best = Math.max(...all.filter((each) => !floorMask || isFeasible(space, each)).map(valueOf));
          const found = network.greedy(network.net, space.features, random);
          // With two devices a change of both at once reaches everything.
          expect(valueOf(found)).toBeCloseTo(best, 5);
          if (floorMask) expect(isFeasible(space, found)).toBe(true);
        }),
        { numRuns: 8 },
      );
    },
  );

  it.each(heads)(
    'with a head %s (masked: %s) learns the value of the joint action that was tried',
    (head, floorMask) => {
      const network = valueNetwork(space, { head, floorMask, hidden: [16] }, seededRandom(2));
      const [a, b] = [
        [0, 3],
        [1, 6],
      ];
      const examples = [
        { input: network.input(space.features, a), rows: network.rows(a), target: -0.3 },
        { input: network.input(space.features, b), rows: network.rows(b), target: -0.9 },
      ];
      for (let step = 0; step < 400; step++) network.net.train(examples, 0.01);
      expect(network.value(network.net, space.features, a)).toBeCloseTo(-0.3, 1);
      expect(network.value(network.net, space.features, b)).toBeCloseTo(-0.9, 1);
    },
  );
});
