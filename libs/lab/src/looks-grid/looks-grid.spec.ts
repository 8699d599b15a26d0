import { paperFamily } from '@weir/simulation';
import { describe, expect, it } from 'vitest';
import { gridRules, looksGrid } from './looks-grid.ts';

const [large, small] = [paperFamily[0]!, paperFamily[6]!];
const looks = {
  version: 'v',
  pictures: 1_000,
  curves: [
    {
      first: small.name,
      second: large.name,
      steps: [
        { marginBelow: 0.3, share: 0.1, gain: 0.04, standardError: 0.001 },
        { marginBelow: 0.6, share: 0.25, gain: 0.06, standardError: 0.001 },
      ],
    },
  ],
};
const grid = (value: number) =>
  looksGrid({
    family: { variants: paperFamily, looks },
    experiments: ['B'],
    floors: [{ label: 'some', value }],
    users: [2],
    seeds: [1],
    interactions: 60,
    hiLcbInteractions: 200,
  });

describe('the grid of second looks', () => {
  it('has every rule, none quicker than the oracle of two looks, which is quicker than that of one', async () => {
    const [cell] = await grid(0.885);
    for (const rule of gridRules) {
      const { meanMs, accuracy } = cell!.rules[rule]!;
      // HI-LCB holds the floor on average over the epochs, which may be quicker than in each of them.
      if (rule !== 'hi-lcb')
        expect(meanMs, rule).toBeGreaterThanOrEqual(cell!.rules['oracle-two-looks']!.meanMs - 1e-9);
      expect(accuracy, rule).toBeGreaterThanOrEqual(0.885 - 1e-9);
    }
    expect(cell!.rules['oracle-two-looks']!.meanMs).toBeLessThan(cell!.rules['oracle-one-look']!.meanMs);
    expect(cell!.rules.planner!.meanMs).toBeLessThan(cell!.rules['planner-one-look']!.meanMs);
    expect(cell).toMatchObject({ experiment: 'B', users: 2, floorViolations: 0 });
  });

  it('says which rules cannot meet a floor', async () => {
    const { rules } = (await grid(0.899))[0]!;
    expect(rules['escalate-25']).toBeNull();
    expect(rules['hi-lcb']).toBeNull();
    expect(rules['offload-only']).not.toBeNull();
  });
});
