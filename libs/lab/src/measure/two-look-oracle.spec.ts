import { describe, expect, it } from 'vitest';
import { asMap } from './cost-table.ts';
import { answers, table } from './hindsight.fixture.ts';
import { tuneThreshold } from './hindsight.ts';
import { tuneTwoLooks } from './two-look-oracle.ts';

describe('the oracle of two looks', () => {
  it('lets devices differ: one looks once so that the other may look again less, by hand', () => {
    // Of ten pictures 8.5 each are enough: one device stays at eight, the other gets to nine below 0.15.
    const { placements, meanMs, right } = tuneTwoLooks({ table: table(), answers, floor: 0.85 })!;
    expect(placements.map(({ secondLook }) => secondLook?.marginBelow).toSorted()).toEqual([0.15, undefined]);
    expect(right).toBeCloseTo(0.85, 9);
    expect(meanMs).toBeCloseTo(100 + (0.1 * (150 + 20)) / 2, 9);
    expect(meanMs).toBeCloseTo(table().responseMs(asMap(placements)), 9);
  });

  it.each([0.8, 0.85, 0.9])('is at least as quick as one threshold for all, floor %d', (floor) => {
    const oracle = tuneTwoLooks({ table: table(), answers, floor })!;
    expect(oracle.meanMs).toBeLessThanOrEqual(
      tuneThreshold({ table: table(), answers, floor })!.meanMs + 1e-9,
    );
    expect(oracle.right).toBeGreaterThanOrEqual(floor - 1e-9);
  });

  it('looks first where that is quickest, also at the edge', () => {
    const quick = table();
    for (const id of ['a', 'b']) quick.observeLocal(id, 'small', 10_000);
    const { placements } = tuneTwoLooks({ table: quick, answers, floor: 0.9 })!;
    expect(placements.map(({ tier }) => tier)).toContain('edge');
  });

  it('says when nothing is good enough', () => {
    expect(tuneTwoLooks({ table: table(), answers, floor: 1.2 })).toBeUndefined();
  });
});
