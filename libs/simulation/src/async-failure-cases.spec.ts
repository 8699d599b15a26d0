import { seededRandom } from '@weir/base';
import { createLearner } from '@weir/policy';
import { describe, expect, it } from 'vitest';
import { createKnownPlanner, staticOptimum } from './async-known.ts';
import { type AsyncRunOptions, type AsyncRunResult, runAsync } from './async-run.ts';
import { type World, type WorldOptions, createWorld } from './async-world.ts';

/** The study's failure cases: each once broke a dispatch rule that looked reasonable. */

const world = (more: Partial<WorldOptions> = {}): World =>
  createWorld({ profile: 'contended', devices: 5, accuracyFloor: 0.89, ...more }, seededRandom(1));

/** Means over three seeds; the floor is checked in every run, at every answer. */
function runs(of: (seed: number) => Omit<AsyncRunOptions, 'seed'>): {
  meanMs: number;
  p95Ms: number;
  all: AsyncRunResult[];
} {
  const all = [1, 2, 3].map((seed) => runAsync({ seed, ...of(seed) }));
  for (const run of all) {
    expect(run.floorViolations).toBe(0);
    expect(run.lowestSurplus).toBeGreaterThanOrEqual(-1e-9);
    expect(run.refused).toBe(0);
  }
  const mean = (pick: (run: AsyncRunResult) => number) =>
    all.reduce((sum, run) => sum + pick(run), 0) / all.length;
  return { meanMs: mean((run) => run.meanMs), p95Ms: mean((run) => run.p95Ms), all };
}

const known = (at: World) => ({ world: at, planner: createKnownPlanner(at) });
const learned = (at: World, seed: number) => ({
  world: at,
  planner: createLearner('planner', { random: seededRandom(seed) }),
});

const poisson = { arrivals: 'poisson', load: 0.6, durationMs: 60_000 } as const;

describe('synchronised frames', () => {
  it('stay with the plan although all devices see the same idle tier', () => {
    const optimum = staticOptimum(world()).meanMs;
    const run = runs((seed) => ({
      ...learned(world(), seed),
      arrivals: 'synchronised',
      load: 0.9,
      durationMs: 50_000,
    }));
    expect(run.meanMs).toBeLessThanOrEqual(1.01 * optimum);
  });

  it('run into each other without the plan, which is why it is there', () => {
    const run = runs(() => ({
      ...known(world()),
      arrivals: 'synchronised',
      load: 0.9,
      durationMs: 40_000,
      thresholdMs: 0,
    }));
    expect(run.meanMs).toBeGreaterThan(1.02 * staticOptimum(world()).meanMs);
  });
});

describe('an idle tier', () => {
  it('is used again after a time in which it was too dear', () => {
    const run = runs(() => ({
      ...known(world()),
      ...poisson,
      durationMs: 80_000,
      drift: [
        { atMs: 20_000, change: (changed) => void (changed.nodes[0]!.slowdown = 20) },
        { atMs: 40_000, change: (changed) => void (changed.nodes[0]!.slowdown = 1) },
      ],
    }));
    const edgeShare = (from: number, to: number) => {
      const frames = run.all.flatMap(({ answered }) =>
        answered.filter(({ cameAt }) => cameAt >= from && cameAt < to),
      );
      return frames.filter(({ decision }) => decision.placement.tier === 'edge').length / frames.length;
    };
    expect(edgeShare(22_000, 40_000)).toBeLessThan(0.05);
    expect(edgeShare(50_000, 80_000)).toBeGreaterThan(0.7 * edgeShare(5_000, 20_000));
  });

  it('is found again by a learner', () => {
    const run = runs((seed) => ({
      ...learned(world(), seed),
      ...poisson,
      durationMs: 80_000,
      drift: [
        { atMs: 20_000, change: (changed) => void (changed.nodes[0]!.down = true) },
        { atMs: 40_000, change: (changed) => void (changed.nodes[0]!.down = false) },
      ],
    }));
    const late = run.all.flatMap(({ answered }) => answered.filter(({ cameAt }) => cameAt >= 50_000));
    const edge = late.filter(({ decision }) => decision.placement.tier === 'edge').length;
    expect(edge / late.length).toBeGreaterThan(0.1);
  });
});

describe('load reports', () => {
  const withReports = (more: Partial<AsyncRunOptions>) =>
    runs(() => ({ ...known(world()), ...poisson, load: 0.9, ...more }));

  it('may be late: five times staler, and not with the answers, costs less than a tenth', () => {
    const [fresh, stale] = [withReports({}), withReports({ reportMs: 1_000, loadWithAnswers: false })];
    expect(stale.meanMs).toBeLessThan(1.1 * fresh.meanMs);
  });

  it('may be lost for the most part', () => {
    const [fresh, lossy] = [withReports({}), withReports({ reportLoss: 0.9, loadWithAnswers: false })];
    expect(lossy.meanMs).toBeLessThan(1.2 * fresh.meanMs);
  });

  it('may never come: the waits that own frames met stand in', () => {
    const [fresh, none] = [withReports({}), withReports({ reportLoss: 1, loadWithAnswers: false })];
    expect(none.meanMs).toBeLessThan(1.4 * fresh.meanMs);
    expect(none.p95Ms).toBeLessThan(1_000);
  });
});

describe('overload', () => {
  it('is taken by cheaper variants as far as the floor allows, and the queues stay short', () => {
    const run = runs((seed) => ({ ...learned(world(), seed), ...poisson, load: 1.3 }));
    expect(run.meanMs).toBeLessThan(700);
    // Stable: the last third waits no longer than the middle one.
    const third = (part: number) => {
      const frames = run.all.flatMap(({ answered }) =>
        answered.filter(({ cameAt }) => cameAt >= part * 20_000 && cameAt < (part + 1) * 20_000),
      );
      return frames.reduce((sum, { responseMs }) => sum + responseMs, 0) / frames.length;
    };
    expect(third(2)).toBeLessThan(1.5 * third(1));
  });
});

describe('unequal devices', () => {
  it('share their accuracy by transfers, which beats each on its own', () => {
    const unequal = (transfers: boolean) =>
      runs(() => ({ ...known(world({ unequal: true })), ...poisson, load: 0.3, transfers }));
    const [shared, alone] = [unequal(true), unequal(false)];
    expect(shared.meanMs).toBeLessThan(alone.meanMs);
  });

  it('keep the floor while their costs are learned, with weak links and without calibration', () => {
    const run = runs((seed) => ({
      ...learned(world({ unequal: true, weak: [0, 2] }), seed),
      ...poisson,
      calibrated: false,
    }));
    expect(run.meanMs).toBeLessThan(800);
  });
});

describe('a node that leaves and returns', () => {
  it('costs its frames a second try, and nobody an answer', () => {
    const run = runs((seed) => ({
      ...learned(world(), seed),
      ...poisson,
      drift: [
        { atMs: 20_000, change: (changed) => void (changed.nodes[1]!.down = true) },
        { atMs: 35_000, change: (changed) => void (changed.nodes[1]!.down = false) },
      ],
    }));
    for (const { answered } of run.all) {
      const away = answered.filter(({ cameAt }) => cameAt >= 20_100 && cameAt < 35_000);
      expect(away.filter(({ decision }) => decision.placement.tier === 'cloud')).toHaveLength(0);
      expect(Math.max(...away.map(({ responseMs }) => responseMs))).toBeLessThan(5_000);
    }
  });
});
