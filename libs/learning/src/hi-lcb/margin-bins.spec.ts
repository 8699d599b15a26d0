import { describe, expect, it } from 'vitest';
import { emptyBins, escalatedBins, type MarginBins, withSecondLook } from './margin-bins.ts';

const seen = (each: readonly (readonly [seen: number, agreed: number])[], cost: number): MarginBins => ({
  thresholds: each.map((_, bin) => (bin + 1) / 10),
  seen: each.map(([count]) => count),
  agreed: each.map(([, agreed]) => agreed),
  frames: 1_000,
  cost,
});

describe('withSecondLook', () => {
  it('counts a second look in the bin of the margin, and none beyond the last', () => {
    const bins = withSecondLook(emptyBins([0.2, 0.5]), { margin: 0.2, agreed: true, cost: 0.3 });
    expect(bins).toMatchObject({ seen: [0, 1], agreed: [0, 1], cost: 0.3 });
    expect(withSecondLook(bins, { margin: 0.5, agreed: true, cost: 0.3 })).toBe(bins);
  });

  it('counts no cost above that of a wrong answer', () => {
    expect(withSecondLook(emptyBins([1]), { margin: 0, agreed: false, cost: 7 }).cost).toBe(1);
  });
});

describe('escalatedBins', () => {
  it('looks again at whatever has not been tried', () => {
    expect(escalatedBins(emptyBins([0.2, 0.5]), 0.52)).toBe(2);
  });

  it('looks again while being right and the cost add up to less than 1, by hand', () => {
    // Right 0.5, 0.7 and 0.9; a second look costs 0.2.
    const bins = seen(
      [
        [100, 50],
        [100, 70],
        [100, 90],
      ],
      60,
    );
    expect(escalatedBins(bins, 0)).toBe(2);
    // √(0.52 ln 1000 / 100) = 0.19 and / 300: 0.11: the third bin's 0.71 + 0.09 is below 1.
    expect(escalatedBins(bins, 0.52)).toBe(3);
  });

  it('ends with the first bin that is mostly right, as being right rises with the margin', () => {
    const bins = seen(
      [
        [100, 90],
        [100, 10],
      ],
      40,
    );
    expect(escalatedBins(bins, 0)).toBe(0);
  });

  it('is as hopeful of the cost as of what second looks correct', () => {
    // Right 1 and cost 0.97, of four: both bounds are 0.95 lower.
    const bins = seen([[4, 4]], 4 * 0.97);
    expect(escalatedBins(bins, 0)).toBe(0);
    expect(escalatedBins(bins, 0.52)).toBe(1);
  });

  it('explores less as it sees more', () => {
    const [few, many] = [1, 100].map((times) => seen([[20 * times, 18 * times]], 4 * times));
    expect(escalatedBins(few!, 0.52)).toBe(1);
    expect(escalatedBins(many!, 0.52)).toBe(0);
  });
});
