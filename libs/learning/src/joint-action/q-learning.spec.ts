import { seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { edgeLoad, ToyCell } from '../toy-cell.fixture.ts';
import { createQLearning, type QLearningOptions } from './q-learning.ts';

/** One device that may only run the best variant by itself: a single joint action. */
const lonely = { users: 1, floor: 0.9, allowedTiers: ['device'] } as const;

/** The value of the one joint action after these responses, ms, one an epoch; 100 ms are a reward of −1. */
function valueAfter(responsesMs: readonly number[], options: Partial<QLearningOptions> = {}) {
  const toy = new ToyCell(seededRandom(1), lonely);
  const learner = createQLearning({
    random: seededRandom(2),
    floorMask: true,
    rewardScaleMs: 100,
    ...options,
  });
  for (const responseMs of responsesMs) {
    learner.observe(toy.observation());
    const outcomes = toy.run(learner.propose().placements);
    learner.learn(outcomes.map((outcome) => ({ ...outcome, responseMs })));
  }
  const { tables } = learner.snapshot().state as { tables: { entries: [number, number, number][] }[] };
  const [, value, visits] = tables[0]!.entries[0]!;
  return { value, visits };
}

describe('tabular Q-learning', () => {
  it('values a joint action by the average of its rewards', () => {
    const { value, visits } = valueAfter([100, 300, 500]);
    expect(value).toBeCloseTo(-3, 12);
    expect(visits).toBe(3);
  });

  it('follows the newest rewards with a step of its own where one is given', () => {
    // 0 → −2 → −3 with a step of one half towards −4.
    expect(valueAfter([400, 400], { learningRate: 0.5 }).value).toBeCloseTo(-3, 12);
  });

  it('adds the discounted value of the state that follows, once that is known', () => {
    // −1 + ½ × 0 first; then −1 + ½ × −1, averaged with it. The last epoch waits for the next.
    const { value, visits } = valueAfter([100, 100, 100], { discount: 0.5 });
    expect(visits).toBe(2);
    expect(value).toBeCloseTo((-1 - 1.5) / 2, 12);
  });

  it('credits the joint action that was followed, not the one that followed', () => {
    const toy = new ToyCell(seededRandom(1), { users: 1, floor: 0, allowedTiers: ['device'] });
    const learner = createQLearning({ random: seededRandom(2), rewardScaleMs: 100, discount: 0.5 });
    const [first, second] = [100, 200].map((responseMs) => {
      learner.observe(toy.observation());
      const { placements } = learner.propose();
      learner.learn(toy.run(placements).map((outcome) => ({ ...outcome, responseMs })));
      return [...placements.values()][0]!.variant;
    });
    const { tables } = learner.snapshot().state as {
      tables: { space: { actions: { variant: string }[][] }; entries: [number, number, number][] }[];
    };
    const [{ space, entries }] = tables as [(typeof tables)[0]];
    const values = new Map(entries.map(([at, value]) => [space.actions[0]![at]!.variant, value]));
    // What follows is new and worth 0; it waits for what follows it.
    expect(first).not.toBe(second);
    expect([values.get(first!), values.get(second!)]).toEqual([-1, undefined]);
  });

  it('tries every joint action once before it settles, as its start is optimistic', () => {
    const toy = new ToyCell(seededRandom(3), { users: 2, floor: 0.85 });
    const learner = createQLearning({ random: seededRandom(4), floorMask: true });
    const seen = new Set<string>();
    let epochs = 0;
    for (let explored = true; explored; epochs++) {
      learner.observe(toy.observation());
      const plan = learner.propose();
      explored = plan.explored;
      if (explored)
        seen.add([...plan.placements.values()].map(({ nodeId, variant }) => nodeId + variant).join());
      learner.learn(toy.run(plan.placements));
    }
    expect(seen.size).toBe(epochs - 1);
    expect(learner.status().exploringPlans).toBe(seen.size);
  });

  it('forgets the oldest state beyond its limit', () => {
    const toy = new ToyCell(seededRandom(5), { users: 1, floor: 0 });
    const learner = createQLearning({ random: seededRandom(6), stateLimit: 2 });
    for (const utilization of [0, 0.5, 1]) {
      learner.observe({ ...toy.observation(), loads: [edgeLoad(utilization)] });
      learner.learn(toy.run(learner.propose().placements));
    }
    const { tables } = learner.snapshot().state as { tables: { space: { features: number[] } }[] };
    // The edge's load stands before the cloud's, at the end of the state.
    expect(tables.map(({ space }) => space.features.at(-2))).toEqual([0.5, 1]);
  });
});
