import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SequenceWindow } from './sequence-window.ts';

describe('SequenceWindow', () => {
  it('agrees with a plain set, in any order, with duplicates', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 60, size: 'max' }), (sequences) => {
        const window = new SequenceWindow({ limit: 1_000 });
        const seen = new Set<number>();
        for (const sequence of sequences) {
          expect(window.admit(sequence)).toBe(!seen.has(sequence));
          seen.add(sequence);
          let run = 0;
          while (seen.has(run + 1)) run++;
          expect(window.through).toBe(run);
        }
      }),
    );
  });

  it('admits each sequence once, whether it is settled or early', () => {
    const window = new SequenceWindow({ limit: 10 });
    expect([1, 1, 4, 4, 2, 2, 3, 4, 3].map((sequence) => window.admit(sequence))).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
      true,
      false,
      false,
    ]);
    expect(window.through).toBe(4);
  });

  it('skips what will never arrive', () => {
    const window = new SequenceWindow({ limit: 10 });
    for (const sequence of [1, 2, 5, 6, 9]) window.admit(sequence);
    expect(window.through).toBe(2);
    window.settleBelow(5);
    expect(window.through).toBe(6);
    expect(window.admit(4)).toBe(false);
    expect([...window.ahead]).toEqual([9]);
  });

  it('still takes the oldest that may come', () => {
    const window = new SequenceWindow({ limit: 10 });
    for (const sequence of [1, 5]) window.admit(sequence);
    window.settleBelow(4);
    expect([window.through, window.admit(3), window.admit(4), window.through]).toEqual([3, false, true, 5]);
  });

  it('gives up the oldest gap rather than grow', () => {
    const window = new SequenceWindow({ limit: 3 });
    for (const sequence of [10, 12, 14]) window.admit(sequence);
    expect(window.through).toBe(0);
    window.admit(16);
    expect(window.through).toBe(10);
    expect(window.ahead.size).toBe(3);
  });
});
