import { policy } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { restoredEvents } from './restored-events.ts';

const status = (count: number, version = 0) => ({
  restored:
    count === 0
      ? undefined
      : policy.LearnerRestored.fromPartial({
          count: BigInt(count),
          learner: 'planner',
          version: BigInt(version),
        }),
});

describe('events of a restored learner', () => {
  it('tell each once, and neither what was before nor that the policy has started anew', () => {
    const told: string[] = [];
    const see = restoredEvents((text) => told.push(text));
    for (const each of [status(1, 7), status(1, 7), status(2, 9), status(2, 9), status(0), status(1)])
      see(each);
    expect(told).toEqual([
      'the learner planner is back at version 9',
      'the learner planner goes on from an imported snapshot',
    ]);
  });
});
