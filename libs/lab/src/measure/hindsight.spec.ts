import { describe, expect, it } from 'vitest';
import { CostTable, asMap } from './cost-table.ts';
import type { FamilyAnswers } from './family-answers.ts';
import { tuneThreshold } from './hindsight.ts';

const step = (marginBelow: number, share: number, gain: number) => ({
  marginBelow,
  share,
  gain,
  standardError: 0.001,
});
/** Two devices, an edge that serves `large` alone. `small` takes 100 ms, `large` 400 at home and 150 at the edge. */
function table({ best = 0.9 } = {}): CostTable {
  const made = new CostTable({
    deviceIds: ['a', 'b'],
    nodes: [{ id: 'edge-1', tier: 'edge', slots: 1, variants: ['large'] }],
    variants: [
      { name: 'large', accuracy: best },
      { name: 'small', accuracy: 0.8 },
    ],
    localVariants: ['large', 'small'],
    looks: {
      version: 'v1',
      pictures: 1_000,
      curves: [
        {
          first: 'small',
          second: 'large',
          steps: [step(0.15, 0.1, 0.06), step(0.35, 0.3, 0.1), step(2, 1, 0.101)],
        },
      ],
    },
  });
  for (const id of ['a', 'b']) {
    made.observeLocal(id, 'large', 400);
    made.observeLocal(id, 'small', 100);
    made.observeNetwork(id, 'edge-1', 20);
  }
  made.observeRemote('edge-1', 'large', 1, 150);
  made.observeRemote('edge-1', 'large', 2, 225);
  return made;
}

/** Ten pictures, margins 0.05 to 0.95. `small` is wrong at the first two, `large` at the last. */
const margins = Array.from({ length: 10 }, (_, at) => 0.05 + at / 10);
const answers: FamilyAnswers = new Map([
  ['small', { margins, right: margins.map((_, at) => at > 1) }],
  ['large', { margins, right: margins.map((_, at) => at < 9) }],
]);

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

  it('says when nothing is good enough', () => {
    expect(tuneThreshold({ table: table(), answers, floor: 1.2 })).toBeUndefined();
  });
});
