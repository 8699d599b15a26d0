import { seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { createLearner } from '../create-learner.ts';
import { type ToyOptions, ToyCell } from '../toy-cell.fixture.ts';
import { toyLooks } from '../toy-looks.fixture.ts';

describe('the planner with curves', () => {
  const floor = 0.85;
  const planned = (options: Partial<ToyOptions> = {}) => {
    const toy = new ToyCell(seededRandom(3), { floor, calibrated: true, looks: toyLooks, ...options });
    const learner = createLearner('planner', { random: seededRandom(4) });
    learner.observe(toy.observation());
    return { toy, learner, plan: learner.propose() };
  };

  it('looks twice where that is cheaper than any one look, above the floor', () => {
    const { toy, learner, plan } = planned();
    const looks = plan.secondLooks!;
    expect(looks.size).toBeGreaterThan(0);
    expect(toy.accuracy(plan.placements, looks)).toBeGreaterThanOrEqual(floor - 1e-9);
    expect(toy.expectedMs(plan.placements, looks)).toBeLessThan(0.85 * toy.optimumMs());
    for (const { curves } of looks.values()) expect(curves).toBe(toyLooks.version);
    const best = learner.best();
    expect(toy.expectedMs(best, learner.bestSecondLooks!())).toBeLessThan(0.85 * toy.optimumMs());
  });

  it('expects of a device what both looks take', () => {
    const { toy, plan } = planned({ users: 1 });
    const expected = toy.expectedMs(plan.placements, plan.secondLooks);
    expect(Math.abs(plan.predictedMs.get('device-1')! / expected - 1)).toBeLessThan(0.1);
  });

  it('stays above the floor and near its own best while it explores and learns', () => {
    const toy = new ToyCell(seededRandom(5), { floor, looks: toyLooks });
    const learner = createLearner('planner', { random: seededRandom(6) });
    const means: number[] = [];
    for (let epoch = 0; epoch < 40; epoch++) {
      learner.observe(toy.observation());
      const plan = learner.propose();
      expect(toy.accuracy(plan.placements, plan.secondLooks)).toBeGreaterThanOrEqual(floor - 1e-9);
      means.push(toy.expectedMs(plan.placements, plan.secondLooks));
      learner.learn(toy.run(plan.placements, plan.probes, plan.secondLooks));
    }
    expect(Math.max(...means.slice(20))).toBeLessThan(0.9 * toy.optimumMs());
  });

  it.each<[string, Partial<ToyOptions>]>([
    ['the cell allows one look', { maxLooks: 1 }],
    [
      'every device asks for one look',
      { asks: { 1: { maxLooks: 1 }, 2: { maxLooks: 1 }, 3: { maxLooks: 1 } } },
    ],
    ['frames may not stay on the device', { allowedTiers: ['edge', 'cloud'] }],
  ])('plans to the last digit as without them when %s', (_what, options) => {
    const { looks: _, ...without } = { looks: toyLooks, ...options };
    for (const framesPerSecond of [0, 5]) {
      const { plan } = planned({ ...options, framesPerSecond });
      const toy = new ToyCell(seededRandom(3), { floor, calibrated: true, ...without, framesPerSecond });
      const learner = createLearner('planner', { random: seededRandom(4) });
      learner.observe(toy.observation());
      expect(plan).toEqual(learner.propose());
      expect(plan).not.toHaveProperty('secondLooks');
    }
  });

  it('lets a device look once that asks for it, or that goes by other curves', () => {
    const asks = { 1: { maxLooks: 1 } };
    expect([...planned({ asks, floor: 0.84 }).plan.secondLooks!.keys()]).not.toContain('device-1');
    const toy = new ToyCell(seededRandom(3), { floor: 0.84, calibrated: true, looks: toyLooks });
    const learner = createLearner('planner', { random: seededRandom(4) });
    const observation = toy.observation();
    const [stranger, ...devices] = observation.cell.devices;
    learner.observe({
      ...observation,
      cell: { ...observation.cell, devices: [{ ...stranger!, curves: 'other' }, ...devices] },
    });
    const looks = [...learner.propose().secondLooks!.keys()];
    expect(looks).not.toContain('device-1');
    expect(looks.length).toBeGreaterThan(0);
  });

  it('meets the higher floor of a device by a first look below it and a second', () => {
    const { plan } = planned({ users: 1, floor: 0.7, asks: { 1: { accuracyFloor: 0.84 } } });
    const { share, gain } = toyLooks.curves[0]!.steps[1]!;
    expect(share * 300 + 30).toBeLessThan(155);
    expect(0.75 + gain).toBeGreaterThanOrEqual(0.84);
    expect(plan.placements.get('device-1')).toMatchObject({ nodeId: 'device-1', variant: 'small' });
    expect(plan.secondLooks!.get('device-1')).toMatchObject({ marginBelow: 0.5 });
    // The agent needs a price for that first look.
    expect(plan.actions.get('device-1')!.map(({ placement }) => placement.variant)).toContain('small');
  });

  it('leaves the second looks of a living cell to its agents, and expects them all the same', () => {
    const living = planned({ users: 1, framesPerSecond: 2 });
    expect(living.plan).not.toHaveProperty('secondLooks');
    expect([...living.learner.bestSecondLooks!()]).toEqual([]);
    const epochs = planned({ users: 1 });
    expect(living.plan.placements).toEqual(epochs.plan.placements);
    expect(living.plan.predictedMs.get('device-1')! / epochs.plan.predictedMs.get('device-1')!).toBeCloseTo(
      1,
      1,
    );
    expect(living.plan.thresholdMs).toBeCloseTo(living.plan.predictedMs.get('device-1')! / 8, 0);
  });

  it('plans for large cells too, above the floor', () => {
    for (const framesPerSecond of [0, 0.2]) {
      const { toy, plan } = planned({ users: 60, framesPerSecond });
      const looks = plan.secondLooks ?? new Map();
      expect(looks.size > 0).toBe(framesPerSecond === 0);
      if (framesPerSecond === 0)
        expect(toy.accuracy(plan.placements, looks)).toBeGreaterThanOrEqual(floor - 1e-9);
    }
  });

  it('finds out in a large cell which nodes second looks crowd', () => {
    const { toy, learner } = planned({ users: 60, floor: 0.87 });
    // 156 ms where all believe that their second looks meet nobody.
    expect(toy.expectedMs(learner.best(), learner.bestSecondLooks!())).toBeLessThan(140);
  });

  it('counts a frame once, by its last look', () => {
    const { toy, learner, plan } = planned();
    const outcomes = [];
    for (let epoch = 0; epoch < 30; epoch++) outcomes.push(...toy.run(plan.placements, [], plan.secondLooks));
    expect(outcomes.length).toBeGreaterThan(90);
    learner.learn(outcomes);
    expect(learner.status().outcomes).toBe(90);
  });

  it('counts a frame whose second look has failed', () => {
    const { toy, learner } = planned({ users: 1 });
    const [first] = toy.run(
      new Map([['device-1', { tier: 'device', nodeId: 'device-1', variant: 'small' }]]),
    );
    const firstLook = { placement: first!.placement, margin: 0.1, agreed: false };
    const edge = { tier: 'edge', nodeId: 'edge', variant: 'large' } as const;
    learner.learn([
      { ...first!, lookedAgain: true },
      { ...first!, placement: edge, reason: 'unsure', firstLook, failure: 'UNAVAILABLE' },
    ]);
    expect(learner.status().outcomes).toBe(1);
  });
});
