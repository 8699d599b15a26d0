import { paperFamily } from '@weir/simulation';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { floorLabels, floorOf, mappedFloor, paperFloor } from './paper-floors.ts';

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

describe('floorOf', () => {
  const interval95: [number, number] = [0, 1];
  const variants = [0.8, 0.868].map((top1) => ({ accuracy: { top1, n: 1, interval95 } }));
  const valueOf = (floor: Parameters<typeof floorOf>[0]) =>
    floorOf(floor, { variants } as unknown as Parameters<typeof floorOf>[1]);

  it('takes points below the best from it, for a family of any size', () => {
    expect(valueOf('best-0.9')).toEqual({ label: 'best-0.9', value: expect.closeTo(0.859, 12) as number });
    expect(valueOf('best-0').value).toBe(0.868);
  });

  it('takes a fraction as it is', () => {
    expect(valueOf(0.85)).toEqual({ label: '0.85', value: 0.85 });
  });
});
