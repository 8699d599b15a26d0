import { describe, expect, it } from 'vitest';
import type { Cell } from './cell.ts';
import { correctedCell } from './corrected-cell.ts';
import { defaultObjective } from './objective.ts';

const variants = [
  { name: 'small', macs: 41e6, precision: 'int8' as const, accuracy: 0.7 },
  { name: 'large', macs: 569e6, precision: 'fp32' as const, accuracy: 0.9 },
];
const steps = [{ marginBelow: 0.4, share: 0.5, gain: 0.15, standardError: 0.01 }];
const cell: Cell = {
  id: 'c',
  devices: [],
  nodes: [],
  variants,
  looks: { version: 'v', pictures: 1_000, curves: [{ first: 'small', second: 'large', steps }] },
  objective: defaultObjective,
};

describe('correctedCell', () => {
  it('is the cell where nothing is corrected', () => {
    expect(correctedCell(cell, undefined)).toBe(cell);
  });

  it('has accuracies and curves as the pictures are, and nothing else', () => {
    const firsts = [{ variant: 'small', loss: 1.5, share: 1 }];
    const { variants: corrected, looks, ...rest } = correctedCell(cell, { shortfall: 0.05, firsts });
    expect(corrected.map(({ accuracy }) => accuracy)).toEqual([
      expect.closeTo(0.7 - 0.1 - 0.05),
      expect.closeTo(0.85),
    ]);
    expect(looks!.version).toBe('v');
    expect(looks!.curves[0]!.steps[0]!.gain).toBeCloseTo(0.15 + 0.5 * 0.1);
    expect(rest).toEqual({ id: 'c', devices: [], nodes: [], objective: defaultObjective });
  });
});
