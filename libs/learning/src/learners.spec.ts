import { InvalidInput, seededRandom } from '@weir/base';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLearner, type LearnerName, learnerNames } from './create-learner.ts';
import type { Learner, LearnerSnapshot } from './learner.ts';
import { ToyCell } from './toy-cell.fixture.ts';

/** Quick to train. */
const smallNets = (name: LearnerName) => (/dqn|hybrid/.test(name) ? { hidden: [8] } : {});

/** Lets a learner live for some epochs. */
function live(learner: Learner, toy: ToyCell, epochs: number): void {
  for (let epoch = 0; epoch < epochs; epoch++) {
    learner.observe(toy.observation());
    const plan = learner.propose();
    learner.learn(toy.run(plan.placements, plan.probes));
  }
}

/** How much slower than the optimum its best joint placement is, and its accuracy, after some epochs. */
function afterEpochs(name: LearnerName, given: object, epochs: number, { seed = 1, users = 2 } = {}) {
  const toy = new ToyCell(seededRandom(seed), { users, floor: 0.85 });
  const learner = createLearner(name, { ...given, random: seededRandom(seed + 1) });
  live(learner, toy, epochs);
  learner.observe(toy.observation());
  const best = learner.best();
  return { excess: toy.expectedMs(best) / toy.optimumMs() - 1, accuracy: toy.accuracy(best), best, learner };
}

describe('a learner in a world with a known answer', () => {
  const everywhere = { actionSpace: 'full' };
  const small = { ...everywhere, hidden: [24], learningRate: 5e-3, epsilonEpochs: 150, batchSize: 16 };
  const world: [name: LearnerName, options: object, epochs: number, excess: number][] = [
    ['planner', everywhere, 40, 0.02],
    ['q-learning', everywhere, 400, 0.05],
    ['q-learning-masked', everywhere, 200, 0.05],
    ['dqn', { ...small, epsilonEnd: 0.1 }, 500, 0.05],
    ['dqn-masked', small, 300, 0.05],
    ['hybrid', small, 200, 0.05],
  ];

  it.each(world)('%s finds the best joint placement above the floor', (name, options, epochs, most) => {
    for (const seed of [1, 2]) {
      const { excess, accuracy } = afterEpochs(name, options, epochs, { seed });
      expect(excess, `seed ${seed}`).toBeLessThan(most);
      expect(accuracy, `seed ${seed}`).toBeGreaterThanOrEqual(0.85 - 1e-9);
    }
  });

  it('bandits find the best placement of a device that is alone', () => {
    for (const seed of [1, 2, 3])
      expect(afterEpochs('bandits', everywhere, 150, { seed, users: 1 }).excess).toBeLessThan(1e-9);
  });

  it('bandits keep every device above the floor, as none knows of the others', () => {
    const { best, learner } = afterEpochs('bandits', everywhere, 60, { users: 3 });
    for (const { variant } of best.values()) expect(['large', 'medium']).toContain(variant);
    expect(learner.status().exploringPlans).toBeGreaterThan(0);
  });

  it('offload-only finds where the best variant runs fastest, and never takes another', () => {
    const { best } = afterEpochs('offload-only', {}, 60, { users: 3 });
    const toy = new ToyCell(seededRandom(1), { users: 3, floor: 0.85 });
    for (const { variant } of best.values()) expect(variant).toBe('large');
    // Two share the edge (30 + 2 × 60 ms), the third has the cloud to itself (90 + 60 ms).
    expect(toy.expectedMs(best)).toBeCloseTo(150, 9);
  });

  it.each([
    ['device-only', 300],
    ['edge-only', 30 + 2 * 60],
    ['cloud-only', 90 + 2 * 60],
  ] as const)('%s runs everything there, with the best variant', (name, expectedMs) => {
    const toy = new ToyCell(seededRandom(1), { users: 2, floor: 0 });
    const learner = createLearner(name, { random: seededRandom(2) });
    learner.observe(toy.observation());
    expect(toy.expectedMs(learner.propose().placements)).toBeCloseTo(expectedMs, 9);
    expect(toy.accuracy(learner.best())).toBeCloseTo(0.9, 9);
  });

  it.each(['q-learning-masked', 'dqn-masked', 'hybrid', 'bandits', 'planner', 'offload-only'] as const)(
    '%s never runs below the floor while it learns',
    (name) => {
      const toy = new ToyCell(seededRandom(5), { users: 3, floor: 0.85 });
      const learner = createLearner(name, { ...smallNets(name), random: seededRandom(6) });
      for (let epoch = 0; epoch < 40; epoch++) {
        learner.observe(toy.observation());
        const plan = learner.propose();
        expect(toy.accuracy(plan.placements)).toBeGreaterThanOrEqual(0.85 - 1e-9);
        learner.learn(toy.run(plan.placements, plan.probes));
      }
    },
  );
});

describe('a snapshot', () => {
  const discounted = { discount: 0.9 };
  const kinds: readonly [title: string, name: LearnerName, options: object][] = [
    ...learnerNames.map((name): [string, LearnerName, object] => [name, name, smallNets(name)]),
    ['q-learning that looks ahead', 'q-learning', discounted],
    ['dqn that looks ahead', 'dqn', { ...discounted, targetEvery: 3, epsilonEpochs: 4, hidden: [8] }],
    ['hybrid after its warm-up', 'hybrid', { warmUp: 3, epsilonEpochs: 4, hidden: [8] }],
    ['dqn whose replay is full', 'dqn', { replayCapacity: 5, epsilonEpochs: 4, hidden: [8] }],
  ];

  it.each(kinds)('of %s goes on exactly as it would have', (_, name, given) => {
    const seeds = fc.integer({ min: 1, max: 1e6 });
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 12 }), (seed, epochs) => {
        const toy = new ToyCell(seededRandom(seed), { users: 2, floor: 0.8 });
        const create = () => createLearner(name, { ...given, random: seededRandom(seed + 1) });
        const original = create();
        live(original, toy, epochs);
        const text = JSON.stringify(original.snapshot());
        const restored = create();
        restored.restore(JSON.parse(text) as LearnerSnapshot);
        expect(restored.status()).toEqual(original.status());
        for (let epoch = 0; epoch < 4; epoch++) {
          for (const learner of [original, restored]) learner.observe(toy.observation());
          const plan = original.propose();
          expect(restored.propose()).toEqual(plan);
          const outcomes = toy.run(plan.placements);
          for (const learner of [original, restored]) learner.learn(outcomes);
        }
        // As one truth value: a difference of two snapshots is no reading.
        expect(isDeepStrictEqual(restored.snapshot(), original.snapshot())).toBe(true);
      }),
      { numRuns: 3 },
    );
  });

  it.each(learnerNames)('of %s is a copy: what is learned afterwards does not change it', (name) => {
    const toy = new ToyCell(seededRandom(1), { users: 2, floor: 0.8 });
    const learner = createLearner(name, { ...smallNets(name), random: seededRandom(2) });
    live(learner, toy, 3);
    const snapshot = learner.snapshot();
    const before = JSON.stringify(snapshot);
    live(learner, toy, 3);
    expect(JSON.stringify(snapshot)).toBe(before);
  });

  it.each(learnerNames)('that is foreign or corrupt is refused by %s, with its field', (name) => {
    const toy = new ToyCell(seededRandom(1), { users: 2, floor: 0.8 });
    const learner = createLearner(name, { ...smallNets(name), random: seededRandom(2) });
    live(learner, toy, 1);
    const good = learner.snapshot();
    const other = name === 'planner' ? 'bandits' : 'planner';
    const bad: [unknown, RegExp][] = [
      [{ ...good, learner: other }, /^snapshot\.learner: expected /],
      [{ ...good, version: 99 }, /^snapshot\.version: expected \d, got 99/],
      [{ ...good, format: 'elephant' }, /^snapshot\.format: expected "weir\.learner"/],
      [{ ...good, state: null }, /^snapshot(\.state)?: .*object/],
      [{ ...good, state: {} }, /^snapshot\./],
      [{ ...good, state: withFirstNumberBroken(good.state) }, /number|got "broken"/],
      [undefined, /^snapshot: expected an object/],
    ];
    for (const [snapshot, reason] of bad) {
      expect(() => learner.restore(snapshot as LearnerSnapshot)).toThrow(InvalidInput);
      expect(() => learner.restore(snapshot as LearnerSnapshot)).toThrow(reason);
    }
    // A refused snapshot changes nothing.
    expect(JSON.stringify(learner.snapshot())).toBe(JSON.stringify(good));
  });

  const joint = ['q-learning', 'q-learning-masked', 'dqn', 'dqn-masked', 'hybrid', 'bandits'] as const;

  it.each(joint)('with anything changed is refused by %s, or is good enough to plan with', (name) => {
    const options = { users: 2, floor: 0.8 };
    const given = { hidden: [4], epsilonEpochs: 2, replayCapacity: 8, warmUp: 2 };
    const create = () => {
      const rest = name === 'bandits' || name.startsWith('q-') ? {} : given;
      const { warmUp, ...deep } = rest as typeof given;
      return createLearner(name, {
        ...(name === 'hybrid' ? { ...deep, warmUp } : deep),
        random: seededRandom(2),
      });
    };
    const learner = create();
    live(learner, new ToyCell(seededRandom(1), options), 4);
    const state = JSON.stringify(learner.snapshot().state);
    const wrong = fc.constantFrom<unknown>(null, 'x', -1, 0.5, 1e300, 1e9, [], [[]], {}, true);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999 }), wrong, (millionth, value) => {
        const at = millionth / 1e6;
        const changed = JSON.parse(state) as Record<string, unknown>;
        replaceAt(changed, at, value);
        const target = create();
        try {
          target.restore({ ...learner.snapshot(), state: changed });
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidInput);
          return;
        }
        const toy = new ToyCell(seededRandom(3), options);
        live(target, toy, 3);
        expect(target.best().size).toBe(2);
      }),
      { numRuns: 40 },
    );
  });
});

/** Replaces one of all the values of a tree, each alike. */
function replaceAt(tree: unknown, share: number, value: unknown): void {
  const places: [Record<string, unknown>, string][] = [];
  const visit = (node: unknown) => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Object.keys(node)) {
      places.push([node as Record<string, unknown>, key]);
      visit((node as Record<string, unknown>)[key]);
    }
  };
  visit(tree);
  const [parent, key] = places[Math.floor(share * places.length)]!;
  parent[key] = value;
}

/** A copy whose first number, wherever it is, is text. */
function withFirstNumberBroken(state: unknown): unknown {
  return JSON.parse(JSON.stringify(state).replace(/([:[,])(-?\d[\d.e+-]*)/, '$1"broken"'));
}
