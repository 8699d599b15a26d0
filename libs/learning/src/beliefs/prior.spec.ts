import { InvalidInput, seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import type { Outcome } from '@weir/domain';
import { createLearner } from '../create-learner.ts';
import type { CellObservation, LearnerSnapshot } from '../learner.ts';
import { cellWitness, priorFrom } from '../planner/planner-state.ts';
import { ToyCell } from '../toy-cell.fixture.ts';
import { priorOf } from './fleet-prior.ts';
import { type CellWitness, siteWitness } from './witness.ts';

/** A planner's snapshot after some epochs in a toy cell at the floor given. */
function learned(seed: number, floor: number): LearnerSnapshot {
  const toy = new ToyCell(seededRandom(seed), { floor });
  const planner = createLearner('planner', { random: seededRandom(seed + 1) });
  for (let epoch = 0; epoch < 40; epoch++) {
    planner.observe(toy.observation());
    const { placements, probes } = planner.propose();
    planner.learn(toy.run(placements, probes));
  }
  return planner.snapshot();
}

/** The same cell under other names: what is carried over must be known by role. */
const renamed = (id: string) => `other-${id}`;
function elsewhere(observation: CellObservation): CellObservation {
  const { cell, devices } = observation;
  return {
    ...observation,
    cell: {
      ...cell,
      devices: cell.devices.map(({ id, local }) => ({
        id: renamed(id),
        local: { ...local, id: renamed(id) },
      })),
      nodes: cell.nodes.map((node) => ({ ...node, id: renamed(node.id) })),
    },
    devices: devices.map((device) => ({
      ...device,
      deviceId: renamed(device.deviceId),
      links: device.links.map((link) => ({ ...link, nodeId: renamed(link.nodeId) })),
    })),
  };
}

describe('priorFrom', () => {
  const snapshots = [1, 2, 3, 4].map((seed) => learned(seed, seed % 2 === 0 ? 0 : 0.85));

  it('lets the planner of another cell begin near the optimum, whatever names and floor', () => {
    const prior = priorFrom(JSON.parse(JSON.stringify(snapshots)) as LearnerSnapshot[]);
    const toy = new ToyCell(seededRandom(9), { floor: 0.87 });
    const excess = [undefined, prior].map((given) => {
      const planner = createLearner('planner', { random: seededRandom(10), ...(given && { prior: given }) });
      planner.observe(elsewhere(toy.observation()));
      const placements = [...planner.best()].map(
        ([id, { nodeId, ...rest }]) =>
          [id.slice(renamed('').length), { ...rest, nodeId: nodeId.slice(renamed('').length) }] as const,
      );
      return toy.expectedMs(new Map(placements)) / toy.optimumMs() - 1;
    });
    expect(excess[1]).toBeLessThan(0.03);
    expect(excess[1]).toBeLessThanOrEqual(excess[0]!);
  });

  it('is as unsure as the cells lie apart, and gives way to what is measured', () => {
    const prior = priorFrom(snapshots);
    const { covariance, mean } = prior!.blocks.local!;
    mean.forEach((_, at) => expect(covariance[at * (mean.length + 1)]).toBeGreaterThan(0));
    const planner = createLearner('planner', { random: seededRandom(3), prior });
    const toy = new ToyCell(seededRandom(4), { floor: 0.85, users: 1 });
    planner.observe(toy.observation());
    // This device is five times as slow as those of the other cells.
    const slow = toy.observation().cell.devices[0]!.id;
    const outcome = ([, placement]: [string, Outcome['placement']]): Outcome[] =>
      toy.run(new Map([[slow, placement]])).map((each) => ({
        ...each,
        hops: { ...each.hops, computeMs: 5 * each.hops.computeMs },
      }));
    for (let epoch = 0; epoch < 20; epoch++)
      planner.learn(outcome([slow, { tier: 'device', nodeId: slow, variant: 'large' }]));
    const large = planner
      .propose()
      .actions.get(slow)!
      .find(({ placement: { nodeId, variant } }) => nodeId === slow && variant === 'large')!;
    expect(large.serviceMs).toBeGreaterThan(1_200);
    expect(large.serviceMs).toBeLessThan(1_800);
  });

  it('names no cell, device or node', () => {
    const observation = elsewhere(new ToyCell(seededRandom(1), { floor: 0.85 }).observation());
    const planner = createLearner('planner', { random: seededRandom(2), prior: priorFrom(snapshots) });
    planner.observe(observation);
    const text = JSON.stringify(priorFrom([planner.snapshot(), ...snapshots]));
    const { devices, nodes, variants } = observation.cell;
    for (const { id } of [...devices, ...nodes]) {
      expect(text).not.toContain(JSON.stringify(id));
      expect(text).not.toContain(JSON.stringify(id.slice(renamed('').length)));
    }
    for (const { name } of variants) expect(text).not.toContain(name);
  });

  it('stays with a cell that began with it, over a restart', () => {
    const prior = priorFrom(snapshots);
    const toy = new ToyCell(seededRandom(5), { floor: 0.85 });
    const began = createLearner('planner', { random: seededRandom(6), prior });
    began.observe(toy.observation());
    began.learn(toy.run(began.propose().placements));
    const again = createLearner('planner', { random: seededRandom(6) });
    again.restore(JSON.parse(JSON.stringify(began.snapshot())) as LearnerSnapshot);
    // Devices that none of the two has seen.
    for (const planner of [began, again]) planner.observe(elsewhere(toy.observation()));
    expect(again.propose()).toEqual(began.propose());
    expect(again.status()).toMatchObject({ priorCells: 4 });
  });

  it('changes nothing for a cell that has learned, and serves one that has not', () => {
    const prior = priorFrom(snapshots);
    const restored = (snapshot: LearnerSnapshot) => {
      const planner = createLearner('planner', { random: seededRandom(6), prior });
      planner.restore(snapshot);
      return planner;
    };
    expect(restored(snapshots[0]!).snapshot()).toEqual(snapshots[0]);
    expect(restored(snapshots[0]!).status().priorCells).toBeUndefined();
    const fresh = createLearner('planner', { random: seededRandom(6) }).snapshot();
    expect(restored(fresh).status().priorCells).toBe(4);
  });

  it('hears a site by the prior of its own cells, as one witness that speaks for them all', () => {
    const site = priorFrom(snapshots.slice(1))!;
    const own = cellWitness(snapshots[0]);
    const prior = priorOf([own, siteWitness(site)])!;
    expect(prior.cells).toBe(4);
    const weightOf = (each: Pick<CellWitness, 'roles'>) => each.roles.get('local')!.mean;
    const [low, high] = [weightOf(own), weightOf(siteWitness(site))];
    prior.blocks.local!.mean.forEach((weight, at) => {
      expect(weight).toBeGreaterThanOrEqual(Math.min(low[at]!, high[at]!) - 1e-9);
      expect(weight).toBeLessThanOrEqual(Math.max(low[at]!, high[at]!) + 1e-9);
    });
    expect(prior.blocks.local!.mean).not.toEqual(low);
    expect(prior.blocks.local!.mean).not.toEqual(high);
  });

  it('refuses snapshots of other learners and corrupt ones', () => {
    const foreign = createLearner('bandits', { random: seededRandom(1) }).snapshot();
    expect(() => priorFrom([foreign])).toThrow(InvalidInput);
    expect(() => priorFrom([{ ...snapshots[0]!, state: {} }])).toThrow(/expected/);
  });
});
