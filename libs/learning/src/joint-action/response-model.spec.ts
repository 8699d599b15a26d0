import { seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import type { Placement } from '@weir/domain';
import { ToyCell } from '../toy-cell.fixture.ts';
import { isFeasible, type JointAction, jointSpace } from './joint-space.ts';
import { responseModel } from './response-model.ts';
import { valueNetwork } from './value-network.ts';

const toy = new ToyCell(seededRandom(1), { floor: 0.85 });
const space = jointSpace(toy.observation(), 'paper');
const masked = valueNetwork(space, { head: 'action-input', floorMask: true, hidden: [8] }, seededRandom(2));
const placementsAt = (jointAction: JointAction) =>
  new Map<string, Placement>(space.deviceIds.map((id, i) => [id, space.actions[i]![jointAction[i]!]!]));

describe('response model', () => {
  it("learns from some of the joint actions, device by device, what the others' mean response is", () => {
    const random = seededRandom(3);
    const model = responseModel(space, { hidden: [32] }, random);
    for (let step = 0; step < 1_500; step++) {
      const batch = Array.from({ length: 16 }, () => {
        const jointAction = masked.random(random);
        const device = random.integer(jointAction.length);
        const placements = placementsAt(jointAction);
        const placement = space.actions[device]![jointAction[device]!]!;
        const count = [...placements.values()].filter(({ nodeId }) => nodeId === placement.nodeId).length;
        return model.example(space.features, jointAction, device, toy.costMs(placement, count));
      });
      model.net.train(batch, 3e-3);
    }
    for (let trial = 0; trial < 20; trial++) {
      const jointAction = masked.random(random);
      const expected = toy.expectedMs(placementsAt(jointAction));
      expect(Math.abs(model.meanMs(space.features, jointAction) - expected)).toBeLessThan(0.1 * expected);
    }
  });
});

describe('random joint actions of a masked value network', () => {
  it('are above the floor, and any of those', () => {
    const random = seededRandom(4);
    const seen = new Set<string>();
    for (let trial = 0; trial < 3_000; trial++) {
      const jointAction = masked.random(random);
      expect(isFeasible(space, jointAction)).toBe(true);
      seen.add(jointAction.join());
    }
    const every = space.actions
      .reduce<number[][]>((all, list) => all.flatMap((head) => list.map((_, at) => [...head, at])), [[]])
      .filter((jointAction) => isFeasible(space, jointAction));
    expect(seen.size).toBe(every.length);
  });
});
