import { finish, type Random, seededRandom } from '@weir/base';
import { type Cell, defaultObjective, type LookStep, type Variant } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { openActions } from '../actions.ts';
import { Beliefs } from '../beliefs/beliefs.ts';
import type { CostView } from '../beliefs/cost-view.ts';
import type { CellObservation } from '../learner.ts';
import type { Assignment } from '../solver/problem.ts';
import { decide, type DecisionInput } from './decision.ts';
import type { JointAssignment, SecondLook } from './joint-assignment.ts';
import { jointProblem } from './joint-problem.ts';

const variants: readonly Variant[] = [
  { name: 'small', macs: 50e6, precision: 'int8', accuracy: 0.75 },
  { name: 'large', macs: 500e6, precision: 'fp32', accuracy: 0.9 },
];
const step = (marginBelow: number, share: number, gain: number): LookStep => ({
  marginBelow,
  share,
  gain,
  standardError: 0.001,
});
const curve = { first: 'small', second: 'large', steps: [step(0.3, 0.2, 0.1), step(0.6, 0.5, 0.14)] };

/** Two devices and one edge: 10 ms small and 100 ms large at home, 20 ms for each that is at the edge, 5 ms away. */
const byHand: CostView = {
  localMs: (_, variant) => (variant === 'small' ? 10 : 100),
  computeMs: ({ concurrency }) => 20 * concurrency,
  largestBatch: () => 1,
  networkMs: () => 5,
};

function observed({
  n = 2,
  more = {},
  asks = {},
  framesPerSecond = 0,
}: {
  n?: number;
  more?: Partial<Cell>;
  asks?: Partial<Cell['objective']>;
  framesPerSecond?: number;
} = {}): CellObservation {
  const names = (more.variants ?? variants).map(({ name }) => name);
  const ids = Array.from({ length: n }, (_, at) => `device-${at + 1}`);
  const nodes = more.nodes ?? [{ id: 'edge', tier: 'edge', slots: 1, variants: ['large'] }];
  return {
    at: 0,
    cell: {
      id: 'c',
      devices: ids.map((id) => ({
        id,
        curves: 'v1',
        local: { id, tier: 'device', slots: 1, variants: names },
      })),
      variants,
      looks: { version: 'v1', pictures: 1_000, curves: [curve] },
      objective: { ...defaultObjective, ...asks },
      ...more,
      nodes,
    },
    devices: ids.map((deviceId) => ({
      deviceId,
      links: nodes.map(({ id: nodeId }) => ({
        nodeId,
        reachable: true,
        roundTripMs: 0,
        class: 'regular',
        services: new Map(),
      })),
      calibration: new Map(),
      framesPerSecond,
      balance: 0,
    })),
    loads: [],
  };
}

const spread = { local: 0, nodes: 0, links: 0 };
const problemOf = (observation: CellObservation, costs = byHand) => {
  const actions = openActions(observation, 'full');
  return finish(jointProblem({ observation, actions, costs, spread, energyJ: () => 0 }));
};
const assignment = (
  targets: readonly number[],
  first: readonly number[],
  looks: readonly (SecondLook | undefined)[],
): JointAssignment => ({
  ...{ targets: Int32Array.from(targets), variants: Int32Array.from(first), looks },
  ...{ cost: 0, surplus: 0, lowerBound: 0, gap: 0, price: 0 },
});
const look = (target: number, share = 0.2): SecondLook => ({
  ...{ variant: 1, target, marginBelow: 0.3, share, gain: 0.1 },
});

describe('a joint problem with second looks', () => {
  it('costs a second look by its share of the frames, at home', () => {
    const joint = problemOf(observed());
    const plan = assignment([-1, -1], [0, 1], [look(-1), undefined]);
    expect(joint.costOf(plan)).toBeCloseTo(10 + 0.2 * 100 + 100, 12);
    expect(joint.responseMs(0, plan, joint.presenceOf(plan))).toBeCloseTo(30, 12);
  });

  it('has second looks meet the frames that go to their node, and each other', () => {
    const joint = problemOf(observed());
    const both = assignment([-1, -1], [0, 0], [look(0, 0.2), look(0, 0.5)]);
    // The first meets half a frame besides itself, the second a fifth.
    const first = 10 + 0.2 * (5 + 20 * 1.5);
    const second = 10 + 0.5 * (5 + 20 * 1.2);
    expect(joint.costOf(both)).toBeCloseTo(first + second, 12);
    const mixed = assignment([-1, 0], [0, 1], [look(0, 0.2), undefined]);
    expect(joint.costOf(mixed)).toBeCloseTo(10 + 0.2 * (5 + 20 * 2) + (5 + 20 * 1.2), 12);
    const presence = joint.presenceOf(mixed);
    expect(joint.responseMs(0, mixed, presence)).toBeCloseTo(19, 12);
    expect(joint.responseMs(1, mixed, presence)).toBeCloseTo(29, 12);
  });

  it('forbids what would come after the deadline', () => {
    const joint = problemOf(observed({ asks: { deadlineMs: 100 } }));
    expect(joint.costOf(assignment([-1, -1], [0, 0], [look(-1), undefined]))).toBe(Infinity);
    expect(joint.costOf(assignment([-1, -1], [0, 0], [look(0), undefined]))).toBeLessThan(Infinity);
  });

  it('weighs the energy of both looks', () => {
    const observation = observed({ asks: { energyMsPerJ: 2 } });
    const actions = openActions(observation, 'full');
    const energyJ = (nodeId: string, variant: string) =>
      nodeId === 'edge' ? 3 : variant === 'small' ? 1 : 10;
    const joint = finish(jointProblem({ observation, actions, costs: byHand, spread, energyJ }));
    const plan = assignment([-1, -1], [0, 0], [look(-1), look(0)]);
    const withoutEnergy = problemOf(observed()).costOf(plan);
    expect(joint.costOf(plan) - withoutEnergy).toBeCloseTo(2 * (1 + 0.2 * 10 + 1 + 0.2 * 3), 12);
  });

  it('hands the solver nothing that looks twice where nobody may', () => {
    const plain = problemOf(observed({ asks: { maxLooks: 1 } }));
    expect(plain.looksTwice).toBe(false);
    expect(plain.problem.local[0]!.map(({ variant }) => variant)).toEqual([0, 1]);
    const others = observed();
    const strangers = others.cell.devices.map((device) => ({ ...device, curves: 'v2' }));
    expect(problemOf({ ...others, cell: { ...others.cell, devices: strangers } }).looksTwice).toBe(false);
    expect(problemOf(observed()).problem.local[0]!.length).toBeGreaterThan(2);
  });

  it('spreads second looks over nodes that are alike', () => {
    const nodes = ['edge', 'other'].map((id) => ({
      ...{ id, tier: 'edge' as const, slots: 1, variants: ['large'] },
    }));
    const joint = problemOf(observed({ more: { nodes }, asks: { accuracyFloor: 0.85 } }));
    const solution: Assignment = {
      ...{ targets: Int32Array.of(-1, -1), cost: 0, surplus: 0, lowerBound: 0, gap: 0, price: 0 },
      // Of both devices the first option beyond their variants.
      variants: Int32Array.of(2, 2),
    };
    expect(
      joint
        .read(solution)
        .looks!.map((each) => each!.target)
        .sort(),
    ).toEqual([0, 1]);
  });
});

/** Random costs that rise with the number at a node. */
function randomCosts(random: Random): CostView {
  const drawn = new Map<string, number>();
  const draw = (key: string, least: number, most: number) => {
    if (!drawn.has(key)) drawn.set(key, least + (most - least) * random.fork(key).uniform());
    return drawn.get(key)!;
  };
  return {
    localMs: (id, variant) =>
      draw(id, 0.5, 2) * (variant === 'large' ? 300 : variant === 'medium' ? 150 : 30),
    computeMs: ({ nodeId, variant, concurrency }) =>
      draw(nodeId, 20, 120) *
      (variant === 'large' ? 1 : 0.5) *
      Math.max(1, concurrency / draw(`${nodeId} slots`, 0.8, 2.5)),
    largestBatch: () => 1,
    networkMs: ({ deviceId, nodeId }) => draw(`${deviceId} ${nodeId}`, 5, 80),
  };
}

/** A random cell of up to three devices and two nodes with three variants and curves between them. */
function randomCell(seed: number) {
  const random = seededRandom(seed);
  const family: Variant[] = [
    variants[0]!,
    { name: 'medium', macs: 200e6, precision: 'fp32', accuracy: 0.82 + 0.05 * random.uniform() },
    variants[1]!,
  ];
  const curves = [
    { first: 'small', second: 'large', steps: [step(0.3, 0.1, 0.06), step(0.6, 0.3, 0.12)] },
    { first: 'medium', second: 'large', steps: [step(0.2, 0.1, 0.03)] },
  ];
  const nodes = ['edge', 'cloud'].slice(0, 1 + random.integer(2)).map((id) => ({
    ...{ id, tier: id as 'edge' | 'cloud', slots: 1, variants: ['medium', 'large'] },
  }));
  const observation = observed({
    n: 1 + random.integer(3),
    more: { variants: family, nodes, looks: { version: 'v1', pictures: 1_000, curves } },
    asks: { accuracyFloor: 0.75 + 0.16 * random.uniform() },
  });
  return { observation, costs: randomCosts(random) };
}

/** The cheapest of all joint assignments, second looks wherever they can be. */
function exhaustive(observation: CellObservation, costs: CostView): number {
  const { cell } = observation;
  const joint = problemOf(observation, costs);
  const index = (name: string) => cell.variants.findIndex((variant) => variant.name === name);
  const places = [-1, ...cell.nodes.keys()];
  const choices = [
    ...cell.variants.map((_, variant) => ({ target: -1, variant, look: undefined })),
    ...cell.nodes.flatMap((node, target) =>
      node.variants.map((name) => ({ target, variant: index(name), look: undefined })),
    ),
    ...cell.looks!.curves.flatMap(({ first, second, steps }) =>
      steps.flatMap(({ marginBelow, share, gain }) =>
        places.map((target) => ({
          target: -1,
          variant: index(first),
          look: { variant: index(second), target, marginBelow, share, gain },
        })),
      ),
    ),
  ];
  let best = Infinity;
  const visit = (picked: (typeof choices)[number][]) => {
    if (picked.length < cell.devices.length) {
      for (const choice of choices) visit([...picked, choice]);
      return;
    }
    const accuracy = picked.reduce(
      (sum, { variant, look: again }) => sum + cell.variants[variant]!.accuracy + (again?.gain ?? 0),
      0,
    );
    if (accuracy < picked.length * cell.objective.accuracyFloor - 1e-9) return;
    const plan = assignment(
      picked.map(({ target }) => target),
      picked.map(({ variant }) => variant),
      picked.map((choice) => choice.look),
    );
    best = Math.min(best, joint.costOf(plan));
  };
  visit([]);
  return best;
}

describe('decide', () => {
  const inputOf = (observation: CellObservation): DecisionInput => ({
    observation,
    actions: openActions(observation, 'full'),
    beliefs: new Beliefs(),
    energyJ: () => 0,
    actionSpace: 'full',
  });

  it('finds what an exhaustive search finds in nearly all cells, and little worse in the others', () => {
    const excess: number[] = [];
    for (let seed = 1; seed <= 150; seed++) {
      const { observation, costs } = randomCell(seed);
      const best = exhaustive(observation, costs);
      const found = finish(decide(inputOf(observation), costs));
      expect(found === undefined, `seed ${seed}`).toBe(best === Infinity);
      if (found) excess.push(found.assignment.cost / best - 1);
    }
    expect(excess.length).toBeGreaterThan(120);
    expect(Math.min(...excess)).toBeGreaterThan(-1e-9);
    expect(excess.filter((each) => each > 1e-9).length).toBeLessThanOrEqual(0.03 * excess.length);
    expect(Math.max(...excess)).toBeLessThan(0.04);
  });
});
