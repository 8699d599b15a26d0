import { paperFamily } from '@weir/simulation';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { floorLabels, mappedFloor, paperFloor } from './paper-floors.ts';

const paper = paperFamily.map(({ accuracy }) => accuracy);

describe('mappedFloor', () => {
  it("gives the paper's own floors for the paper's own family", () => {
    for (const label of floorLabels) expect(mappedFloor(label, paper)).toBeCloseTo(paperFloor(label), 12);
  });

  it('keeps each floor between the same two variants, as far from both', () => {
    // 89 lies a tenth of the way from the second best (88.9) to the best (89.9).
    expect(mappedFloor('89', [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.9])).toBeCloseTo(0.7 + 0.1 * 0.2, 9);
    expect(mappedFloor('best', [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.9])).toBe(0.9);
    expect(mappedFloor('none', [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.9])).toBe(0);
  });

  it('keeps the order of the floors for any family', () => {
    const family = fc.array(fc.double({ min: 0.01, max: 0.99, noNaN: true }), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(family, (accuracies) => {
        const floors = floorLabels.map((label) => mappedFloor(label, accuracies));
        for (const [at, floor] of floors.entries()) expect(floor).toBeGreaterThanOrEqual(floors[at - 1] ?? 0);
        expect(floors.at(-1)).toBeCloseTo(Math.max(...accuracies), 12);
      }),
    );
  });

  it('refuses a family of another size', () => {
    expect(() => mappedFloor('85', [0.5])).toThrow(/expected 8 variants/);
  });
});
