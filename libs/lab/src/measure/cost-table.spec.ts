import type { LookCurves, Placement } from '@weir/domain';
import { expectedWaitMs } from '@weir/learning';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CostTable, type DevicePlan, asMap } from './cost-table.ts';
import { optimumOf } from './optimum.ts';

const variants = [
  { name: 'large', accuracy: 0.9 },
  { name: 'small', accuracy: 0.8 },
];

const looksAt = (share: number): LookCurves => ({
  version: 'v1',
  pictures: 1_000,
  curves: [
    {
      first: 'small',
      second: 'large',
      steps: [{ marginBelow: 0.3, share, gain: 0.06, standardError: 0.001 }],
    },
  ],
});

/** Two devices, one edge node that serves the large variant alone. */
function table({
  large = 400,
  small = 100,
  edge = [200, 300],
  network = [20, 60],
  share = 0.2,
} = {}): CostTable {
  const made = new CostTable({
    deviceIds: ['a', 'b'],
    nodes: [{ id: 'edge-1', tier: 'edge', slots: 1, variants: ['large'] }],
    variants,
    localVariants: ['large', 'small'],
    looks: looksAt(share),
  });
  for (const id of ['a', 'b']) {
    made.observeLocal(id, 'large', large);
    made.observeLocal(id, 'small', small);
  }
  edge.forEach((ms, index) => made.observeRemote('edge-1', 'large', index + 1, ms));
  network.forEach((ms, index) => made.observeNetwork(['a', 'b'][index]!, 'edge-1', ms));
  return made;
}

const atHome = (id: string, variant: string): Placement => ({ tier: 'device', nodeId: id, variant });
const atEdge: Placement = { tier: 'edge', nodeId: 'edge-1', variant: 'large' };
const joint = (a: DevicePlan, b: DevicePlan) =>
  new Map([
    ['a', a],
    ['b', b],
  ]);

describe('CostTable', () => {
  it('adds the node, by how many are there, and the network of each device', () => {
    expect(table().responseMs(joint(atEdge, atHome('b', 'small')))).toBe((200 + 20 + 100) / 2);
    expect(table().responseMs(joint(atEdge, atEdge))).toBe((300 + 20 + 300 + 60) / 2);
  });

  describe('with second looks', () => {
    const again = (place: Placement) => ({ ...place, marginBelow: 0.3 });
    const unsure = (id: string, place: Placement) => ({ ...atHome(id, 'small'), secondLook: again(place) });

    it('adds their share of the time, and what they gain', () => {
      const plan = joint(unsure('a', atHome('a', 'large')), atHome('b', 'small'));
      expect(table().responseMs(plan)).toBeCloseTo((100 + 0.2 * 400 + 100) / 2, 9);
      expect(table().accuracy(plan)).toBeCloseTo((0.8 + 0.06 + 0.8) / 2, 9);
    });

    it('counts at a node who looks there first, and the other devices’ share', () => {
      const [firstThere, both] = [
        joint(unsure('a', atEdge), atEdge),
        joint(unsure('a', atEdge), unsure('b', atEdge)),
      ];
      expect(table().responseMs(firstThere)).toBeCloseTo((100 + 0.2 * (300 + 20) + 200 + 60) / 2, 9);
      expect(table().responseMs(both)).toBeCloseTo((100 + 0.2 * (220 + 20) + 100 + 0.2 * (220 + 60)) / 2, 9);
    });

    it('is alone at a node where nobody else looks, whatever its share', () => {
      for (const share of Array.from({ length: 25 }, (_, at) => (at + 1) / 25)) {
        const plan = joint(unsure('a', atEdge), atHome('b', 'small'));
        expect(table({ share }).responseMs(plan)).toBeCloseTo((100 + share * (200 + 20) + 100) / 2, 9);
      }
    });

    it('knows of none but those of the curves', () => {
      const unknown = { ...atHome('a', 'small'), secondLook: { ...atHome('a', 'large'), marginBelow: 0.4 } };
      expect(table().stepOf(unknown)).toBeUndefined();
      expect(table().responseMs(joint(unknown, atHome('b', 'small')))).toBe(100);
    });
  });

  it('takes the mean of what was seen, and says what was not', () => {
    const seen = table();
    seen.observeLocal('a', 'small', 140);
    expect(seen.localMs('a', 'small')).toBe(120);
    expect(() => seen.remoteMs('edge-1', 'large', 3)).toThrow(/not measured: edge-1 large 3/);
  });

  it('finds the best joint placement above the floor, as trying each would', () => {
    const time = fc.integer({ min: 10, max: 999 });
    const cell = fc.record({
      large: time,
      small: time,
      edge: fc.tuple(time, time),
      network: fc.tuple(time, time),
      floor: fc.constantFrom(0, 0.8, 0.85, 0.9),
    });
    fc.assert(
      fc.property(cell, ({ floor, ...times }) => {
        const made = table(times);
        const choices = (id: string) => [atHome(id, 'large'), atHome(id, 'small'), atEdge];
        const all = choices('a').flatMap((a) => choices('b').map((b) => joint(a, b)));
        const best = Math.min(
          ...all.filter((each) => made.accuracy(each) >= floor - 1e-9).map((each) => made.responseMs(each)),
        );
        const found = optimumOf(made, floor)!;
        expect(found.compared).toBe(all.length);
        expect(found.meanMs).toBeCloseTo(best, 9);
        expect(made.responseMs(asMap(found.placements))).toBeCloseTo(best, 9);
        expect(found.accuracy).toBeGreaterThanOrEqual(floor - 1e-9);
      }),
    );
  });

  it('adds the wait of frames that arrive at random', () => {
    const ratePerMs = 0.002;
    const wait = expectedWaitMs({ slots: 1, serviceMs: 400, ratePerMs, arrivalVariability: 1 });
    const { meanMs, placements } = optimumOf(table({ large: 400, edge: [9_000, 9_000] }), 0.9, {
      ratePerMs,
    })!;
    expect(placements.map(({ tier }) => tier)).toEqual(['device', 'device']);
    expect(meanMs).toBeCloseTo(400 + wait, 9);
  });

  it('leaves out other variants where some are named, and says when no placement meets the floor', () => {
    expect(optimumOf(table(), 0, { variants: ['large'] })!.accuracy).toBe(0.9);
    expect(optimumOf(table(), 0.95)).toBeUndefined();
  });

  it('tells its entries with the number of samples', () => {
    const { local, remote, network } = table().toJSON();
    expect(local).toContainEqual({ deviceId: 'a', variant: 'small', ms: 100, samples: 1 });
    expect(remote).toContainEqual({
      nodeId: 'edge-1',
      tier: 'edge',
      variant: 'large',
      concurrency: 2,
      ms: 300,
      samples: 1,
    });
    expect(network).toContainEqual({ deviceId: 'b', nodeId: 'edge-1', ms: 60, samples: 1 });
  });
});
