import { seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { snapshotOf } from '../snapshot.ts';
import { ToyCell } from '../toy-cell.fixture.ts';
import { type BanditOptions, createBandits } from './bandits.ts';

/** A device that may run the best variant by itself, on the edge or in the cloud, and nothing else. */
const toy = () => new ToyCell(seededRandom(1), { users: 1, floor: 0.9 });
const counts = { outcomes: 0, plans: 0, exploringPlans: 0 };

/** Discounted count and mean response of each arm, ms. */
type Arms = Readonly<Record<'device-1' | 'edge' | 'cloud', readonly [count: number, meanMs: number]>>;

function knowing(arms: Arms, options: Partial<BanditOptions> = {}) {
  const learner = createBandits({ ...options, random: seededRandom(2) });
  const saved = Object.entries(arms).map(([nodeId, [count, ms]]) => [`${nodeId}\nlarge`, count, count * ms]);
  learner.restore(snapshotOf('bandits', 2, { counts, arms: [['device-1', saved]] }));
  learner.observe(toy().observation());
  return learner;
}
const nodeOf = (placements: ReadonlyMap<string, { nodeId: string }>) => [...placements.values()][0]!.nodeId;

describe('bandits', () => {
  it('try what they know little of, where it may well be better', () => {
    const arms: Arms = { 'device-1': [100, 100], edge: [1, 105], cloud: [100, 300] };
    const bold = knowing(arms, { confidence: 0.3 });
    expect(nodeOf(bold.best())).toBe('device-1');
    expect(bold.propose()).toMatchObject({ explored: true });
    expect(nodeOf(bold.propose().placements)).toBe('edge');
    expect(bold.status()).toMatchObject({ plans: 2, exploringPlans: 2, explorationShare: 1 });

    const cautious = knowing(arms, { confidence: 0 });
    expect(nodeOf(cautious.propose().placements)).toBe('device-1');
    expect(cautious.propose().explored).toBe(false);
  });

  it('try everything once before anything twice', () => {
    const world = toy();
    const learner = createBandits({ random: seededRandom(3) });
    const tried = Array.from({ length: 3 }, () => {
      learner.observe(world.observation());
      const { placements } = learner.propose();
      learner.learn(world.run(placements));
      return nodeOf(placements);
    });
    expect(tried.toSorted()).toEqual(['cloud', 'device-1', 'edge']);
  });

  it('let older outcomes of a device fade with each new one, whichever arm it is of', () => {
    const world = toy();
    const learner = createBandits({ random: seededRandom(4), discount: 0.5 });
    learner.observe(world.observation());
    const [outcome] = world.run(learner.propose().placements);
    const other = {
      ...outcome!,
      placement: { tier: 'cloud', nodeId: 'elsewhere', variant: 'large' } as const,
    };
    learner.learn([
      { ...outcome!, responseMs: 100 },
      { ...outcome!, responseMs: 300 },
      { ...other, responseMs: 50 },
    ]);
    const { arms } = learner.snapshot().state as { arms: [string, [string, number, number][]][] };
    // (100 / 2 + 300) / 2 over (1 / 2 + 1) / 2.
    expect(arms[0]![1][0]!.slice(1)).toEqual([0.75, 175]);
    expect(arms[0]![1][1]!.slice(1)).toEqual([1, 50]);
  });

  it('learn nothing from failures and shadows', () => {
    const world = toy();
    const learner = createBandits({ random: seededRandom(5) });
    learner.observe(world.observation());
    const [outcome] = world.run(learner.propose().placements);
    learner.learn([
      { ...outcome!, failure: 'UNAVAILABLE' },
      { ...outcome!, shadow: true },
    ]);
    expect(learner.snapshot().state).toMatchObject({ counts: { outcomes: 0 }, arms: [] });
  });
});
