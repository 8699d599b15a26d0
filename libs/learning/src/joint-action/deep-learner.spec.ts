import { seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import type { Learner } from '../learner.ts';
import { edgeLoad, ToyCell } from '../toy-cell.fixture.ts';
import type { DenseNetState } from './dense-net.ts';
import { createDqn, type DqnOptions } from './dqn.ts';
import { createHybrid } from './hybrid.ts';

const small = { hidden: [6], batchSize: 4, epsilonEpochs: 5 } as const;
const dqn = (options: Partial<DqnOptions>) => createDqn({ ...small, ...options, random: seededRandom(2) });
const lookingAhead = {
  hidden: [16],
  discount: 0.5,
  learningRate: 5e-3,
  epsilonEpochs: 150,
  rewardScaleMs: 100,
};
const newToy = () => new ToyCell(seededRandom(1), { users: 2, floor: 0.8 });

function epoch(learner: Learner, toy: ToyCell) {
  learner.observe(toy.observation());
  const plan = learner.propose();
  learner.learn(toy.run(plan.placements));
  return plan;
}

interface SavedAgent {
  readonly networks: Record<'values' | 'target' | 'model', DenseNetState>;
  readonly replay: { readonly slots: readonly unknown[] };
}
const agentOf = (learner: Learner) => (learner.snapshot().state as { agent: SavedAgent }).agent;
const weights = (learner: Learner, name: 'values' | 'target' | 'model') =>
  agentOf(learner).networks[name].layers;

describe('deep Q-learning', () => {
  it('copies the values into the target network at its period, and at no other time', () => {
    const [learner, toy] = [dqn({ targetEvery: 6, stepsPerEpoch: 2 }), newToy()];
    epoch(learner, toy);
    const initial = weights(learner, 'target');
    expect(initial).not.toEqual(weights(learner, 'values'));
    epoch(learner, toy);
    expect(weights(learner, 'target')).toEqual(initial);
    epoch(learner, toy);
    const copied = weights(learner, 'target');
    expect(copied).toEqual(weights(learner, 'values'));
    epoch(learner, toy);
    expect(weights(learner, 'target')).toEqual(copied);
    expect(weights(learner, 'values')).not.toEqual(copied);
  });

  it('takes the value of the state that follows from the target network', () => {
    const after = (options: Partial<DqnOptions>) => {
      const learner = dqn({ ...options, epsilonEnd: 1 });
      const toy = new ToyCell(seededRandom(1), { users: 1, floor: 0 });
      for (let count = 0; count < 40; count++) epoch(learner, toy);
      return weights(learner, 'values');
    };
    const [seldom, often] = [
      after({ discount: 0.9, targetEvery: 1_000 }),
      after({ discount: 0.9, targetEvery: 1 }),
    ];
    expect(often).not.toEqual(seldom);
    // Without a discount nobody asks it.
    expect(after({ targetEvery: 1 })).toEqual(after({ targetEvery: 1_000 }));
  });

  it('remembers the state that followed an epoch, not the one that it began in', () => {
    const [learner, toy] = [dqn({}), newToy()];
    const at = (utilization: number) => {
      const observation = toy.observation();
      learner.observe({ ...observation, loads: [edgeLoad(utilization)] });
    };
    at(0.25);
    learner.learn(toy.run(learner.propose().placements));
    at(0.75);
    const [transition] = agentOf(learner).replay.slots as { features: number[]; next: number[] }[];
    expect(transition!.features).toContain(0.25);
    expect(transition!.next).toContain(0.75);
  });

  it('values a joint action by its reward and the discounted value of what follows', () => {
    const learner = createDqn({ ...lookingAhead, targetEvery: 10, random: seededRandom(3) });
    const toy = new ToyCell(seededRandom(1), { users: 1, floor: 0 });
    for (let count = 0; count < 600; count++) epoch(learner, toy);
    // The smallest variant by itself takes 30 ms: −0.3 + 0.5 × −0.3 + … = −0.6, which is what no other state can give.
    expect([...learner.best().values()]).toMatchObject([{ tier: 'device', variant: 'small' }]);
    const { values } = agentOf(learner).networks;
    expect(Math.abs(bestOutput(values, 4) + 0.6)).toBeLessThan(0.1);
  });

  it('asks the target network for the value of what follows, which knows nothing before it is copied', () => {
    const learner = createDqn({ ...lookingAhead, targetEvery: 1_000_000, random: seededRandom(3) });
    const toy = new ToyCell(seededRandom(1), { users: 1, floor: 0 });
    for (let count = 0; count < 400; count++) epoch(learner, toy);
    // The reward alone: −0.3.
    expect(Math.abs(bestOutput(agentOf(learner).networks.values, 4) + 0.3)).toBeLessThan(0.1);
  });

  it('explores with the probability that the schedule says', () => {
    const learner = dqn({ epsilonStart: 1, epsilonEnd: 0, epsilonEpochs: 20 });
    const toy = newToy();
    const explored = Array.from({ length: 60 }, () => epoch(learner, toy).explored);
    expect(explored[0]).toBe(true);
    expect(explored.slice(0, 20).filter(Boolean).length).toBeGreaterThan(5);
    expect(explored.slice(20)).not.toContain(true);
    expect(learner.status().exploringPlans).toBe(explored.filter(Boolean).length);
  });

  it('keeps no more experiences than its capacity', () => {
    const [learner, toy] = [dqn({ replayCapacity: 3 }), newToy()];
    for (let count = 0; count < 7; count++) epoch(learner, toy);
    expect(agentOf(learner).replay.slots).toHaveLength(3);
  });

  it('starts afresh when a device joins, and goes on when nothing changes', () => {
    const [learner, toy] = [dqn({}), newToy()];
    for (let count = 0; count < 3; count++) epoch(learner, toy);
    toy.users = 3;
    epoch(learner, toy);
    expect(agentOf(learner).replay.slots).toHaveLength(1);
  });
});

describe('hybrid learning', () => {
  it('imagines only after its warm-up, and trains its model from the first epoch on', () => {
    const after = (planningSteps: number, epochs: number) => {
      const learner = createHybrid({ ...small, warmUp: 4, planningSteps, random: seededRandom(4) });
      const toy = newToy();
      for (let count = 0; count < epochs; count++) epoch(learner, toy);
      return { values: weights(learner, 'values'), model: weights(learner, 'model') };
    };
    expect(after(5, 3).values).toEqual(after(0, 3).values);
    expect(after(5, 4).values).not.toEqual(after(0, 4).values);
    expect(after(0, 1).model).not.toEqual(after(0, 2).model);
  });
});

/** Largest output of a saved network with one hidden layer, for an input of zeros. */
function bestOutput({ layers }: DenseNetState, inputs: number): number {
  const [first, last] = layers as [number[], number[]];
  const units = first.length / (inputs + 1);
  const top = first.slice(inputs * units).map((bias) => Math.max(0, bias));
  const outputs = Array.from({ length: last.length / (units + 1) }, (_, row) =>
    top.reduce(
      (sum, value, u) => sum + value * last[row * (units + 1) + u]!,
      last[row * (units + 1) + units]!,
    ),
  );
  return Math.max(...outputs);
}
