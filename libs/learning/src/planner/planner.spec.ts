import { FailedPrecondition, seededRandom } from '@weir/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLearner } from '../create-learner.ts';
import { bruteForce } from '../solver/brute-force.ts';
import { type ToyOptions, ToyCell } from '../toy-cell.fixture.ts';

/** Runs a learner in a toy cell; returns the mean excess of what was run, per epoch. */
function run(
  options: ToyOptions,
  { epochs, seed, name = 'planner' }: { epochs: number; seed: number; name?: string },
) {
  const toy = new ToyCell(seededRandom(seed), options);
  const learner = createLearner(name, { random: seededRandom(seed + 1) });
  const excess: number[] = [];
  const accuracies: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    learner.observe(toy.observation());
    const plan = learner.propose();
    excess.push(toy.expectedMs(plan.placements) / toy.optimumMs() - 1);
    accuracies.push(toy.accuracy(plan.placements));
    learner.learn(toy.run(plan.placements, plan.probes));
  }
  return { toy, learner, excess, accuracies };
}

describe('planner', () => {
  it('comes within 2 % of the optimum in a few epochs and never goes below the floor', () => {
    const reached = [1, 2, 3].map((seed) => {
      const { excess, accuracies } = run({ floor: 0.85 }, { epochs: 40, seed });
      expect(Math.min(...accuracies)).toBeGreaterThanOrEqual(0.85 - 1e-9);
      return excess.slice(20).reduce((sum, each) => sum + each, 0) / 20;
    });
    expect(Math.max(...reached)).toBeLessThan(0.02);
  });

  it('knows the true optimum of the toy cell by brute force as well', () => {
    const toy = new ToyCell(seededRandom(9), { floor: 0.85 });
    expect(bruteForce(toy.trueProblem())!.cost / 3).toBeCloseTo(toy.optimumMs(), 9);
  });

  it('leaves a node that got slow and returns when it is fast again', () => {
    const { toy, learner } = run({ floor: 0.85 }, { epochs: 30, seed: 4 });
    const share = (epochs: number) => {
      let sum = 0;
      for (let epoch = 0; epoch < epochs; epoch++) {
        learner.observe(toy.observation());
        const plan = learner.propose();
        if (epoch >= epochs - 10) sum += toy.expectedMs(plan.placements) / toy.optimumMs() - 1;
        learner.learn(toy.run(plan.placements, plan.probes));
      }
      return sum / 10;
    };
    toy.edgeSlowness = 8;
    expect(share(20)).toBeLessThan(0.05);
    toy.edgeSlowness = 1;
    expect(share(60)).toBeLessThan(0.05);
    expect(learner.status().driftAlarms).toBeGreaterThan(0);
  });

  it('hears from benchmarks of idle nodes that one is fast again, where nobody probes', () => {
    const toy = new ToyCell(seededRandom(4), { floor: 0.85, calibrated: true });
    const learner = createLearner('planner', { random: seededRandom(5) });
    const users = (epochs: number) => {
      let used = 0;
      for (let epoch = 0; epoch < epochs; epoch++) {
        learner.observe(toy.observation());
        const { placements } = learner.propose();
        if (epoch >= epochs - 10)
          used += [...placements.values()].filter(({ nodeId }) => nodeId === 'edge').length;
        learner.learn(toy.run(placements));
      }
      return used / 10;
    };
    expect(users(30)).toBeGreaterThan(0.9);
    toy.edgeSlowness = 8;
    expect(users(30)).toBeLessThan(0.2);
    toy.edgeSlowness = 1;
    expect(users(30)).toBeLessThan(0.2);
    toy.benchmarkNoise = 0.05;
    expect(users(30)).toBeGreaterThan(0.9);
  });

  it('copes with outcomes that are lost, late, doubled or of devices that have left', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), (seed) => {
        const random = seededRandom(seed);
        const toy = new ToyCell(random, { floor: 0.85 });
        const learner = createLearner('planner', { random: random.fork('learner') });
        const late: ReturnType<ToyCell['run']> = [];
        for (let epoch = 0; epoch < 12; epoch++) {
          toy.users = 1 + random.integer(4);
          learner.observe(toy.observation());
          const plan = learner.propose();
          expect([...plan.placements.keys()]).toEqual(toy.observation().cell.devices.map(({ id }) => id));
          expect(toy.accuracy(plan.placements)).toBeGreaterThanOrEqual(0.85 - 1e-9);
          for (const outcome of toy.run(plan.placements)) if (random.uniform() < 0.7) late.push(outcome);
          const due = late.splice(0, random.integer(late.length + 1));
          learner.learn(random.uniform() < 0.2 ? [...due, ...due] : due);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('plans with registration calibrations at once, before any outcome', () => {
    const toy = new ToyCell(seededRandom(3), { floor: 0.85, calibrated: true, users: 1 });
    const learner = createLearner('planner', { random: seededRandom(4) });
    learner.observe(toy.observation());
    expect(toy.expectedMs(learner.best()) / toy.optimumMs() - 1).toBeLessThan(0.01);
  });

  it('prices waiting where frames come on their own: a tier is not given more than its slots can serve', () => {
    const toy = new ToyCell(seededRandom(3), { floor: 0, calibrated: true, users: 6, framesPerSecond: 8 });
    const learner = createLearner('planner', { random: seededRandom(4) });
    learner.observe(toy.observation());
    const plan = learner.propose();
    const onEdge = [...plan.placements.values()].filter(({ nodeId }) => nodeId === 'edge').length;
    // One slot, 60 ms a frame, 8 frames/s a device: two devices make 96 % of it.
    expect(onEdge).toBeLessThanOrEqual(2);
    expect(plan.thresholdMs).toBeGreaterThanOrEqual(0);
    expect(plan.thresholdMs).toBeLessThan(Infinity);
    expect(plan.actions.get('device-1')!.length).toBeGreaterThan(2);
  });

  it('earns what it explores for in a living cell at a rate of its own', () => {
    // Nothing is ever learned, so that there is always something to find out.
    const exploring = (shares: { creditShare: number; livingCreditShare: number }) => {
      const toy = new ToyCell(seededRandom(3), { floor: 0.85, framesPerSecond: 5 });
      const learner = createLearner('planner', {
        random: seededRandom(4),
        ...{ ...shares, creditCap: 1, leastGain: 0 },
      });
      learner.observe(toy.observation());
      for (let plan = 0; plan < 60; plan++) learner.propose();
      return learner.status().exploringPlans;
    };
    const none = exploring({ creditShare: 1, livingCreditShare: 0 });
    expect(exploring({ creditShare: 0, livingCreditShare: 1 })).toBeGreaterThan(2 * none);
  });

  describe('of a node that computes together what waits', () => {
    const curve = [1, 1.3, 1.9];
    /** Learns from frames that all ran on the edge, in batches of 1, 2 and 4 when `batched`. */
    function learnt(batched: boolean) {
      const toy = new ToyCell(seededRandom(3), { floor: 0.89, users: 6, framesPerSecond: 8 });
      const learner = createLearner('planner', { random: seededRandom(4) });
      const { cell } = toy.observation();
      const onEdge = new Map(
        cell.devices.map(({ id }) => [id, { tier: 'edge', nodeId: 'edge', variant: 'large' }] as const),
      );
      for (let epoch = 0; epoch < 60; epoch++) {
        learner.observe(toy.observation());
        const doublings = batched ? epoch % curve.length : 0;
        // The toy's edge takes as many times as long as frames are there.
        const times = curve[doublings]! / onEdge.size;
        learner.learn(
          toy.run(onEdge).map((outcome) => ({
            ...outcome,
            hops: { ...outcome.hops, computeMs: outcome.hops.computeMs * times },
            concurrency: 2 ** doublings - 1,
            batchSize: 2 ** doublings,
          })),
        );
      }
      return { learner, plan: learner.propose() };
    }
    const serviceMs = ({ plan }: ReturnType<typeof learnt>) =>
      plan.actions.get('device-1')!.find(({ placement }) => placement.nodeId === 'edge')!.serviceMs;

    it('learns what a frame takes alone', () => {
      expect(serviceMs(learnt(true)) / serviceMs(learnt(false))).toBeCloseTo(1, 1);
    });

    it('gives it more than its slots can serve one by one', () => {
      const onEdge = ({ plan }: ReturnType<typeof learnt>) =>
        [...plan.placements.values()].filter(({ nodeId }) => nodeId === 'edge').length;
      expect(onEdge(learnt(true))).toBeGreaterThan(onEdge(learnt(false)));
    });

    it('takes no batch for one that nobody can have counted', () => {
      const { learner } = learnt(false);
      const before = learner.status().outcomes;
      const toy = new ToyCell(seededRandom(3), { floor: 0, users: 6, framesPerSecond: 8 });
      const [outcome] = toy.run(new Map([['device-1', { tier: 'edge', nodeId: 'edge', variant: 'large' }]]));
      for (const batchSize of [0, -1, 1.5, NaN, Infinity]) learner.learn([{ ...outcome!, batchSize }]);
      expect(learner.status().outcomes).toBe(before);
    });
  });

  it("leaves a device's own queue to its agent, which sees it: the plan is for a frame that finds it free", () => {
    const predictions = [0.5, 6].map((framesPerSecond) => {
      const options = { floor: 0.85, calibrated: true, framesPerSecond, allowedTiers: ['device'] as const };
      const learner = createLearner('planner', { random: seededRandom(4) });
      learner.observe(new ToyCell(seededRandom(3), options).observation());
      return [...learner.propose().predictedMs.values()];
    });
    expect(predictions[1]).toEqual(predictions[0]);
  });

  it('keeps to the allowed tiers, and says so when nothing is left', () => {
    const toy = new ToyCell(seededRandom(3), { floor: 0.85, allowedTiers: ['device'] });
    const learner = createLearner('planner', { random: seededRandom(4) });
    learner.observe(toy.observation());
    for (const { tier } of learner.propose().placements.values()) expect(tier).toBe('device');
    const impossible = new ToyCell(seededRandom(3), { floor: 0.99 });
    learner.observe(impossible.observation());
    expect(() => learner.propose()).toThrow(FailedPrecondition);
    expect(() => learner.propose()).toThrow(/0\.99/);
  });
});
