import { seededRandom } from '@weir/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EpochCell } from './epoch-cell.ts';
import { experimentNames } from '../experiment.ts';
import { paperFamily } from '../family.ts';
import { runLearning } from './learning-run.ts';
import { optimum } from './oracle.ts';

const best = new Set([paperFamily[0]!.name]);

describe('EpochCell', () => {
  it('has the published optimum on contended, A, floor 0.89: one edge and four local INT8', () => {
    const cell = new EpochCell(seededRandom(1));
    const solved = optimum(cell)!;
    // (240 + 60) and four times 12 + 478/1.9, by hand.
    expect(solved.meanMs).toBeCloseTo((300 + 4 * (12 + 478 / 1.9)) / 5, 9);
    expect(solved.accuracy).toBeGreaterThanOrEqual(0.89);
  });

  it.each(experimentNames)(
    '%s: placing variants as well gains at least 35 %% over offloading alone',
    (experiment) => {
      const cell = new EpochCell(seededRandom(1), { experiment });
      const full = optimum(cell)!;
      const offload = optimum(cell, { variants: best })!;
      expect(1 - full.meanMs / offload.meanMs).toBeGreaterThanOrEqual(0.35);
      expect(0.899 - full.accuracy).toBeLessThan(0.009);
    },
  );

  it('has an oracle whose solver equals brute force', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.constantFrom(0, 0.8, 0.85, 0.89, 0.899),
        fc.constantFrom('contended' as const, 'uncontended' as const),
        (seed, floor, profile) => {
          const cell = new EpochCell(seededRandom(seed), {
            users: 3,
            floor,
            profile,
            background: 'walk',
            heterogeneous: true,
          });
          expect(optimum(cell)!.meanMs).toBeCloseTo(optimum(cell, { method: 'brute-force' })!.meanMs, 9);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('lets things happen when the script says so', () => {
    const cell = new EpochCell(seededRandom(1), {
      drift: [
        { kind: 'link', device: 0, weak: true, atInteraction: 1 },
        { kind: 'hidden-load', node: 'edge', requests: 2, atInteraction: 2 },
        { kind: 'device-speed', device: 1, slowness: 2, atInteraction: 3 },
        { kind: 'node', node: 'cloud', present: false, atInteraction: 4 },
        { kind: 'node', node: 'cloud', present: true, atInteraction: 5 },
      ],
    });
    const { name } = paperFamily[0]!;
    const edge = { tier: 'edge', nodeId: 'edge', variant: name } as const;
    const local = new Map(
      cell.cell.devices.map(({ id }) => [id, { tier: 'device' as const, nodeId: id, variant: name }]),
    );
    const reachable = () => cell.observation().devices[0]!.links.map((link) => link.reachable);
    expect(cell.responseMs(0, edge, 1)).toBe(300);
    cell.run(local);
    expect(cell.responseMs(0, edge, 1)).toBe(380);
    expect(cell.observation().devices[0]!.links[0]!.class).toBe('weak');
    cell.run(local);
    expect(cell.responseMs(0, edge, 1)).toBe(3 * 240 + 140);
    cell.run(local);
    expect(cell.responseMs(1, local.get('device-2')!, 1)).toBe(2 * 490);
    cell.run(local);
    expect(reachable()).toEqual([true, false]);
    cell.run(local);
    expect(reachable()).toEqual([true, true]);
  });

  it('looks again at as many frames as a plan says, among those that are at the node', () => {
    const [large, small] = [paperFamily[0]!.name, paperFamily[3]!.name];
    const steps = [{ marginBelow: 0.5, share: 0.5, gain: 0.1, standardError: 0.01 }];
    const looks = { version: 'v', pictures: 1_000, curves: [{ first: small, second: large, steps }] };
    const cell = new EpochCell(seededRandom(1), { users: 2, noise: 0, looks });
    const placements = new Map(
      cell.cell.devices.map(({ id }) => [id, { tier: 'device' as const, nodeId: id, variant: small }]),
    );
    const edge = { tier: 'edge' as const, nodeId: 'edge', variant: large };
    const again = new Map(
      cell.cell.devices.map(({ id }) => [id, { placement: edge, marginBelow: 0.5, curves: 'v' }]),
    );
    const own = cell.responseMs(0, placements.get('device-1')!, 1);
    const [alone, both] = [cell.responseMs(0, edge, 1), cell.responseMs(0, edge, 2)];
    expect(cell.expectedMs(placements, again)).toBeCloseTo(own + 0.5 * (0.5 * alone + 0.5 * both), 9);
    expect(cell.accuracy(placements, again)).toBeCloseTo(paperFamily[3]!.accuracy + 0.1, 12);
    let sumMs = 0;
    for (let epoch = 0; epoch < 2_000; epoch++) {
      const { outcomes } = cell.run(placements, [], again);
      expect(outcomes.filter(({ lookedAgain }) => !lookedAgain)).toHaveLength(2);
      sumMs += outcomes.reduce((sum, { responseMs }) => sum + responseMs, 0) / 2;
    }
    expect(sumMs / 2_000 / cell.expectedMs(placements, again)).toBeCloseTo(1, 1);
  });

  it('replays from its seed', () => {
    const times = () => {
      const cell = new EpochCell(seededRandom(7), { background: 'walk', heterogeneous: true, noise: 0.2 });
      const { placements } = optimum(cell)!;
      return Array.from({ length: 5 }, () =>
        cell.run(placements).outcomes.map(({ responseMs }) => responseMs),
      );
    };
    expect(times()).toEqual(times());
  });
});

describe('runLearning', () => {
  const seeds = [1, 2, 3];

  it('finds the planner within 1 % after at most ten interactions in the median, never below the floor', () => {
    const results = seeds.map((seed) =>
      runLearning({ learner: 'planner', cell: {}, interactions: 120, seed }),
    );
    const reached = results
      .map(({ interactionsTo1pct }) => interactionsTo1pct ?? Infinity)
      .sort((a, b) => a - b);
    expect(reached[1]).toBeLessThanOrEqual(10);
    for (const { floorViolations, gapPct } of results) {
      expect(floorViolations).toBe(0);
      expect(gapPct).toBeLessThan(1);
    }
  });

  it('finds the planner far below the best single looks where it may look twice, never below the floor', () => {
    const steps = [
      { marginBelow: 0.3, share: 0.1, gain: 0.03, standardError: 0.001 },
      { marginBelow: 0.7, share: 0.3, gain: 0.045, standardError: 0.001 },
    ];
    const looks = {
      version: 'v',
      pictures: 1_000,
      curves: [
        { first: 'mobilenet-v1-0.50-int8', second: 'mobilenet-v1-1.00-fp32', steps },
        { first: 'mobilenet-v1-0.75-int8', second: 'mobilenet-v1-1.00-fp32', steps: steps.slice(0, 1) },
      ],
    };
    const cell = { floor: 0.876, looks };
    const result = runLearning({ learner: 'planner', cell, interactions: 60, seed: 1 });
    expect(result.floorViolations).toBe(0);
    expect(result.responseMs).toBeLessThan(0.75 * result.optimumMs);
  });

  it('finds tabular Q-learning at the optimum after it has tried everything, not before', () => {
    const [result] = [
      runLearning({ learner: 'q-learning', cell: { users: 1, noise: 0 }, interactions: 100, seed: 1 }),
    ];
    expect(result.interactionsTo1pct).toBeGreaterThan(0);
    expect(result.interactionsTo1pct).toBeLessThanOrEqual(10);
    expect(result.floorViolations).toBeGreaterThan(0);
  });

  it('finds the masked learners never below the floor', () => {
    for (const learner of ['q-learning-masked', 'dqn-masked', 'bandits', 'offload-only'] as const) {
      const result = runLearning({ learner, cell: { users: 2 }, interactions: 40, seed: 1 });
      expect(result.floorViolations, learner).toBe(0);
    }
  });

  it('lets deep Q-learning and hybrid find the optimum of one user', () => {
    for (const learner of ['dqn-masked', 'hybrid'] as const) {
      const learnerOptions = { epsilonEpochs: 60, hidden: [16, 16] };
      const result = runLearning({
        learner,
        learnerOptions,
        cell: { users: 1, noise: 0.02 },
        interactions: 250,
        seed: 2,
      });
      expect(result.gapPct, learner).toBeLessThan(1);
    }
  }, 60_000);

  it('takes the calibration at its word where INT8 is slower than FP32 at the smallest size only', () => {
    const times = [0.929, 0.554, 0.266, 0.108, 0.395, 0.29, 0.179, 0.12];
    const relativeWork = new Map(paperFamily.map(({ name }, at) => [name, times[at]! / times[0]!]));
    for (const seed of [1, 2, 3]) {
      const cell = { floor: 0, relativeWork, calibrated: true, noise: 0.02 };
      const result = runLearning({ learner: 'planner', cell, interactions: 60, seed });
      expect(result.interactionsTo1pct).toBeLessThanOrEqual(5);
    }
  });

  it('keeps up with a walk over 81 contexts', () => {
    const cell = { background: 'walk', heterogeneous: true } as const;
    const result = runLearning({ learner: 'planner', cell, interactions: 400, seed: 1 });
    expect(result.gapPct).toBeLessThan(1);
    expect(result.floorViolations).toBe(0);
  });
});
