import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lowerHull, type Priced, undominated } from './option-front.ts';

const options = fc.array(
  fc.record({ cost: fc.integer({ min: 0, max: 50 }), surplus: fc.integer({ min: -20, max: 20 }) }),
  { minLength: 1, maxLength: 30 },
);
const least = (among: readonly Priced[], price: number) =>
  Math.min(...among.map(({ cost, surplus }) => cost - price * surplus));

describe('undominated', () => {
  it('leaves out what another option makes pointless, and nothing else', () => {
    fc.assert(
      fc.property(options, (all) => {
        const kept = undominated(all);
        for (const { cost, surplus } of all)
          expect(kept.some((other) => other.cost <= cost && other.surplus >= surplus)).toBe(true);
        for (const { cost, surplus } of kept)
          expect(kept.filter((other) => other.cost <= cost && other.surplus >= surplus)).toHaveLength(1);
      }),
    );
  });

  it('leaves out what is forbidden', () => {
    expect(undominated([{ cost: Infinity, surplus: 1 }])).toEqual([]);
  });
});

describe('lowerHull', () => {
  it('keeps what is best at any price of accuracy, and only that', () => {
    fc.assert(
      fc.property(options, fc.double({ min: 0, max: 50, noNaN: true }), (all, price) => {
        const hull = lowerHull(all, Infinity);
        expect(least(hull, price)).toBeCloseTo(least(all, price), 9);
        const slopes = hull
          .slice(1)
          .map(({ cost, surplus }, at) => (cost - hull[at]!.cost) / (surplus - hull[at]!.surplus));
        expect(slopes).toEqual(slopes.toSorted((a, b) => a - b));
      }),
    );
  });

  it('keeps so many corners at most, the cheapest and the most accurate among them', () => {
    const circle = Array.from({ length: 40 }, (_, at) => ({
      surplus: at,
      cost: 1_600 - (40 ** 2 - at ** 2),
    }));
    const hull = lowerHull(circle, 7);
    expect(hull).toHaveLength(7);
    expect([hull[0], hull.at(-1)]).toEqual([circle[0], circle.at(-1)]);
  });

  it('leaves out the corner whose absence costs least', () => {
    const at = (surplus: number, cost: number) => ({ surplus, cost });
    const corners = [at(0, 0), at(1, 0.4), at(2, 1.5), at(3, 8)];
    // Without (1, 0.4) a mix costs 0.75, without (2, 1.5) 4.2.
    expect(lowerHull(corners, 3)).toEqual([corners[0], corners[2], corners[3]]);
  });
});
