import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FlowProblem, cheapestFlow } from './flow.ts';

/** Least cost over every way to spread the devices. */
function leastByTrying({ costs, nodes, places }: FlowProblem): number {
  const width = nodes + 1;
  const n = costs.length / width;
  const counts = new Array<number>(nodes).fill(0);
  const from = (device: number): number => {
    if (device === n) return 0;
    let least = costs[device * width]! + from(device + 1);
    for (let node = 0; node < nodes; node++) {
      const place = places[node]![counts[node]!];
      if (place === undefined) continue;
      counts[node]!++;
      least = Math.min(least, costs[device * width + node + 1]! + place + from(device + 1));
      counts[node]!--;
    }
    return least;
  };
  return from(0);
}

const costOf = ({ costs, nodes, places }: FlowProblem, targets: Int32Array): number => {
  const counts = new Array<number>(nodes).fill(0);
  let cost = 0;
  targets.forEach((target, device) => {
    cost += costs[device * (nodes + 1) + target]!;
    if (target > 0) cost += places[target - 1]![counts[target - 1]!++]!;
  });
  return cost;
};

const problem = fc
  .record({ n: fc.integer({ min: 1, max: 6 }), nodes: fc.integer({ min: 1, max: 3 }) })
  .chain(({ n, nodes }) =>
    fc.record({
      costs: fc
        .array(fc.oneof({ weight: 6, arbitrary: fc.nat(100) }, fc.constant(Infinity)), {
          minLength: n * (nodes + 1),
          maxLength: n * (nodes + 1),
        })
        // On its own processor each device can run: the flow starts there.
        .map((costs) =>
          Float64Array.from(costs, (cost, at) => (at % (nodes + 1) === 0 ? Math.min(cost, 200) : cost)),
        ),
      nodes: fc.constant(nodes),
      places: fc.array(
        fc.array(fc.nat(60), { maxLength: n }).map((steps) => Float64Array.from(steps.sort((a, b) => a - b))),
        { minLength: nodes, maxLength: nodes },
      ),
    }),
  );

describe('cheapest flow', () => {
  it('equals the least of all ways to spread up to six devices', () => {
    fc.assert(
      fc.property(problem, (given) => {
        const flow = cheapestFlow(given);
        expect(flow.cost).toBeCloseTo(leastByTrying(given), 6);
        expect(costOf(given, flow.targets)).toBeCloseTo(flow.cost, 6);
        const counts = given.places.map(
          (_, node) => flow.targets.filter((target) => target === node + 1).length,
        );
        expect([...flow.counts]).toEqual(counts);
      }),
      { numRuns: 500 },
    );
  });

  it('moves a device on so that another can take its place', () => {
    // The second device may use node 1 only, where the first is better off than at node 2: the chain moves it on.
    const costs = Float64Array.from([100, 10, 20, 100, 30, Infinity]);
    const places = [Float64Array.from([0]), Float64Array.from([0])];
    expect(cheapestFlow({ costs, nodes: 2, places })).toMatchObject({
      targets: Int32Array.from([2, 1]),
      cost: 50,
    });
  });

  it('is exact where costs are so large that rounding makes a way round look like a gain', () => {
    const small = [18152.866026040978, -261179.0488554751, -261178.36847561316];
    const large = [-548786.9300356114, -548785.5004279253];
    const given = {
      costs: Float64Array.from(
        [
          [...small, -261157.4337816939],
          [38142.62920947897, ...large, Infinity],
          [38142.62920947897, ...large, -548739.0520586278],
          [...small, -261157.4337816939],
          [38024.49083717529, ...large, -548743.9732382525],
          [...small, -261156.26273611747],
          [38142.62920947897, ...large, Infinity],
          [38142.62920947897, ...large, -548739.0520586278],
        ].flat(),
      ),
      nodes: 3,
      places: [
        [
          0, 0.000026343269659680204, 0.000109903921160691, 0.00028121115836201167, 0.0005703491267686737,
          0.001008071661978306,
        ],
        [0],
        [0],
      ].map((costs) => Float64Array.from(costs)),
    };
    expect(cheapestFlow(given).cost).toBeCloseTo(leastByTrying(given), 6);
  });

  it('pays for each further place what that place costs', () => {
    const costs = Float64Array.from([10, 0, 30, 0]);
    const places = [Float64Array.from([0, 20])];
    expect(cheapestFlow({ costs, nodes: 1, places })).toMatchObject({
      targets: Int32Array.from([0, 1]),
      cost: 10,
    });
  });

  it('tells what the cheapest move of one device between any two targets costs', () => {
    const costs = Float64Array.from([0, 5, 0, 9]);
    const { moves } = cheapestFlow({ costs, nodes: 1, places: [Float64Array.from([0, 0])] });
    expect([moves[1], moves[2]]).toEqual([5, Infinity]);
  });

  it('stays exact for many devices, whose heaps grow and shrink', () => {
    // With one node and free places each device decides for itself.
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(1_000), fc.nat(1_000)), { minLength: 100, maxLength: 400 }),
        fc.integer({ min: 1, max: 400 }),
        (pairs, capacity) => {
          const gains = pairs.map(([own, away]) => away - own).sort((a, b) => a - b);
          const taken = gains.slice(0, capacity).filter((gain) => gain < 0);
          const own = pairs.reduce((sum, [cost]) => sum + cost, 0);
          const expected = taken.reduce((sum, gain) => sum + gain, own);
          const flow = cheapestFlow({
            costs: Float64Array.from(pairs.flat()),
            nodes: 1,
            places: [new Float64Array(capacity)],
          });
          expect(flow.cost).toBeCloseTo(expected, 6);
        },
      ),
    );
  });
});
