import { seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { createLearner, type LearnerName } from './create-learner.ts';
import type { CellObservation, LearnerSnapshot } from './learner.ts';
import { ToyCell } from './toy-cell.fixture.ts';

interface State {
  readonly snapshot: LearnerSnapshot;
  readonly observation: CellObservation;
}

/** What a learner knows after some epochs. */
function learned(name: LearnerName, given: object, epochs: number, users = 2): State {
  const toy = new ToyCell(seededRandom(1), { users, floor: 0.8 });
  const learner = createLearner(name, { ...given, random: seededRandom(2) });
  for (let epoch = 0; epoch < epochs; epoch++) {
    learner.observe(toy.observation());
    const { placements, probes } = learner.propose();
    learner.learn(toy.run(placements, probes));
  }
  return { snapshot: learner.snapshot(), observation: toy.observation() };
}

/**
 * By device and placement: how often learners that know the same, but for their chance, choose it, and the mean probability
 * that they tell of it.
 */
function chosen(name: LearnerName, given: object, { snapshot, observation }: State, seeds: number) {
  const told = new Map<string, number[]>();
  for (let seed = 1; seed <= seeds; seed++) {
    const learner = createLearner(name, { ...given, random: seededRandom(seed) });
    learner.observe(observation);
    learner.restore(snapshot);
    learner.observe(observation);
    const { placements } = learner.propose();
    const propensities = learner.propensities!();
    for (const [id, { nodeId, variant }] of placements) {
      const propensity = propensities.get(id);
      if (propensity === undefined) continue;
      const key = `${id} ${nodeId} ${variant}`;
      told.set(key, [...(told.get(key) ?? []), propensity]);
    }
  }
  return [...told.values()].map((each) => ({
    share: each.length / seeds,
    told: each.reduce((sum, value) => sum + value, 0) / each.length,
  }));
}

describe('the propensity that a learner tells', () => {
  it.each<[LearnerName, object, epochs: number, users?: number]>([
    // Among untried actions, all of the same value, the first after a random start.
    ['q-learning', { epsilon: 0 }, 2, 1],
    ['q-learning', { epsilon: 0.5 }, 40],
    ['q-learning-masked', { epsilon: 0.5 }, 10],
    ['bandits', {}, 1],
    ['planner', {}, 1],
  ])('of %s is how often it chooses so', (name, given, epochs, users) => {
    const seeds = 200;
    const rows = chosen(name, given, learned(name, given, epochs, users), seeds);
    const random = rows.filter(({ share }) => share > 0.02 && share < 0.98);
    expect(random.length).toBeGreaterThan(1);
    // Three standard errors of the share; what is drawn again tells to a ninth, and never less.
    const most = 3 * Math.sqrt(0.25 / seeds) + (name === 'planner' ? 1 / 9 : 0);
    for (const { share, told } of random) expect(Math.abs(share - told)).toBeLessThan(most);
  });

  it.each<[LearnerName, object]>([
    ['dqn', { hidden: [8], epsilonStart: 0, epsilonEnd: 0 }],
    ['edge-only', {}],
  ])('of %s is 1 where no chance is in it', (name, given) => {
    const { observation } = learned(name, given, 3);
    const learner = createLearner(name, { ...given, random: seededRandom(1) });
    learner.observe(observation);
    const { propensity } = learner.propose();
    expect(propensity).toBe(1);
    for (const each of learner.propensities?.().values() ?? []) expect(each).toBeCloseTo(1);
  });

  it('changes nothing of what the planner then does', () => {
    const run = (ask: boolean) => {
      const toy = new ToyCell(seededRandom(1), { users: 3, floor: 0.8 });
      const learner = createLearner('planner', { random: seededRandom(2) });
      return Array.from({ length: 20 }, () => {
        learner.observe(toy.observation());
        const { placements, probes } = learner.propose();
        if (ask) learner.propensities!();
        learner.learn(toy.run(placements, probes));
        return [...placements.values()];
      });
    };
    expect(run(true)).toEqual(run(false));
  });

  it('is not known once the planner has gone on', () => {
    const { observation } = learned('planner', {}, 1);
    const learner = createLearner('planner', { random: seededRandom(1) });
    learner.observe(observation);
    learner.propose();
    expect(learner.propensities!().size).toBe(2);
    learner.observe(observation);
    expect(learner.propensities!().size).toBe(0);
  });
});
