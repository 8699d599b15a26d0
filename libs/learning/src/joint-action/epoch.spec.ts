import { seededRandom } from '@weir/base';
import type { Outcome } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { ToyCell } from '../toy-cell.fixture.ts';
import { EpochCollector } from './epoch.ts';
import { type JointAction, jointSpace, placementsOf } from './joint-space.ts';

const toy = new ToyCell(seededRandom(1), { users: 2, floor: 0.85 });
const space = jointSpace(toy.observation(), 'paper');
const rewards = { rewardScaleMs: 100, penaltyMs: 900 };

/** Both devices run a variant by themselves: 0 large, 1 medium, 2 small. */
function answered(jointAction: JointAction, responsesMs: readonly number[]): Outcome[] {
  const outcomes = toy.run(placementsOf(space, jointAction));
  return outcomes.map((outcome, at) => ({ ...outcome, responseMs: responsesMs[at]! }));
}

function started(jointAction: JointAction) {
  const epoch = new EpochCollector(rewards);
  epoch.start(space, jointAction);
  return epoch;
}

describe('epoch collector', () => {
  it('makes one experience of the answers of all devices: the mean response, in the unit of rewards', () => {
    const experience = started([0, 1]).add(answered([0, 1], [300, 100]));
    expect(experience).toMatchObject({ jointAction: [0, 1], reward: -2, responsesMs: [300, 100] });
  });

  it('waits for the last device, and takes the mean of what one answered twice', () => {
    const epoch = started([0, 1]);
    const [first, second] = answered([0, 1], [300, 100]);
    expect(epoch.add([first!, { ...first!, responseMs: 500 }])).toBeUndefined();
    expect(epoch.add([second!])).toMatchObject({ responsesMs: [400, 100], reward: -2.5 });
    expect(epoch.add([first!, second!])).toBeUndefined();
  });

  it('judges a joint action below the floor by the penalty', () => {
    expect(started([2, 2]).add(answered([2, 2], [30, 30]))).toMatchObject({ reward: -9 });
  });

  it('leaves out failures, shadows, late answers of another plan and devices that are unknown', () => {
    const epoch = started([0, 1]);
    const [first, second] = answered([0, 1], [300, 100]);
    const others: Outcome[] = [
      { ...second!, failure: 'UNAVAILABLE' },
      { ...second!, shadow: true },
      { ...second!, deviceId: 'device-9' },
      answered([0, 2], [300, 5])[1]!,
    ];
    expect(epoch.add([first!, ...others])).toBeUndefined();
    expect(epoch.add([second!])).toMatchObject({ responsesMs: [300, 100] });
  });
});
