import { describe, expect, it } from 'vitest';
import { asMap } from './cost-table.ts';
import { answers, table } from './hindsight.fixture.ts';
import { tuneThreshold } from './hindsight.ts';

describe('the threshold that is tuned in hindsight', () => {
  it('is the quickest that loses no more right answers to these very pictures than the floor allows', () => {
    // Of ten, `large` is right at nine, `small` at eight, with second looks below 0.15 at nine, below 0.35 at ten.
    const thresholdAt = (floor: number) =>
      tuneThreshold({ table: table(), answers, floor })!.placements[0]!.secondLook?.marginBelow;
    expect(thresholdAt(0.8)).toBeUndefined();
    expect(thresholdAt(0.9)).toBe(0.15);
    const { right, placements } = tuneThreshold({ table: table(), answers, floor: 0.9 })!;
    expect(right).toBe(0.9);
    expect(placements.map(({ tier, variant }) => [tier, variant])).toEqual([
      ['device', 'small'],
      ['device', 'small'],
    ]);
  });

  it('asks of pictures that are harder than others no more than the best variant reaches on them', () => {
    const thresholdAt = (floor: number) =>
      tuneThreshold({ table: table({ best: 0.97 }), answers, floor })?.placements[0]!.secondLook?.marginBelow;
    expect(thresholdAt(0.97)).toBe(0.15);
    expect(thresholdAt(0.86)).toBeUndefined();
  });

  it('looks again wherever the table says that it is quickest', () => {
    const { placements, meanMs } = tuneThreshold({ table: table(), answers, floor: 0.9 })!;
    expect(placements.map(({ secondLook }) => secondLook!.nodeId)).toEqual(['edge-1', 'edge-1']);
    expect(meanMs).toBeCloseTo(table().responseMs(asMap(placements)), 9);
    // The other is there at the same time in a tenth of the epochs.
    expect(meanMs).toBeCloseTo(100 + 0.1 * (150 + 0.1 * 75 + 20), 9);
  });

  it('stays away from a node that arrivals overload', () => {
    const busy = table();
    busy.observeRemote('edge-1', 'large', 1, 60_000);
    const { placements } = tuneThreshold({ table: busy, answers, floor: 0.9, ratePerMs: 0.002 })!;
    expect(placements.map(({ secondLook }) => secondLook!.tier)).toEqual(['device', 'device']);
  });

  it('always looks again at a given share, as near as the curves have it', () => {
    const { placements } = tuneThreshold({ table: table(), answers, floor: 0.8, share: 0.25 })!;
    expect(placements[0]!.secondLook!.marginBelow).toBe(0.35);
  });

  it('looks again though one look is enough, where it has to', () => {
    const { placements } = tuneThreshold({ table: table(), answers, floor: 0.8, again: true })!;
    expect(placements[0]!.secondLook!.marginBelow).toBe(0.15);
  });

  it('says when nothing is good enough', () => {
    expect(tuneThreshold({ table: table(), answers, floor: 1.2 })).toBeUndefined();
  });
});
