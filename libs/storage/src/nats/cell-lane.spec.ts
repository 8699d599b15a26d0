import { describe, expect, it } from 'vitest';
import { merged } from './cell-lane.ts';

describe('changes that are made together', () => {
  it('leave what they leave one after another', () => {
    const [a, b] = ['a', 'b'].map((deviceId) => ({ deviceId, state: '[1]' }));
    const snapshot = (position: number) => ({ learner: 'planner', position, state: '{}' });
    expect(
      merged([
        { objective: '{"floor":1}', learner: 'dqn', joined: [a!, b!], snapshots: [snapshot(1)] },
        { objective: '{"floor":2}', left: ['a'], joinedAt: 7 },
        { joined: [{ deviceId: 'b', state: '[2]' }], left: ['c'], snapshots: [snapshot(2)] },
      ]),
    ).toEqual({
      objective: '{"floor":2}',
      learner: 'dqn',
      joinedAt: 7,
      joined: [{ deviceId: 'b', state: '[2]' }],
      left: ['a', 'c'],
      snapshots: [snapshot(2)],
    });
  });
});
