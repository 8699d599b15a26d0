import { agent } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { belowFloor, isPaid } from './floor.ts';

const status = (floor: Partial<agent.FloorStatus> = {}) =>
  agent.GetStatusResponse.fromPartial({
    learner: 'q-learning',
    balance: 0.53,
    floor: { accuracyFloor: 0.75, ...floor },
  });
const why = (floor: Partial<agent.FloorStatus>, expected: number | null = 0.7, raised = false) =>
  belowFloor(status(floor), { expected, raised });

describe('why answers are below the floor', () => {
  it('is not asked where they are not, or where nothing is known', () => {
    expect(why({}, 0.75)).toBeUndefined();
    expect(why({}, null)).toBeUndefined();
    expect(
      belowFloor(agent.GetStatusResponse.fromPartial({}), { expected: 0, raised: false }),
    ).toBeUndefined();
  });

  it.each([
    ['the balance pays for it', why({}), 'balance earned before pays (0.53 left)', true],
    ['the floor has just been raised', why({}, 0.7, true), 'raised just now', true],
    ['the plan is obeyed', why({ obeysPlan: true }), 'the plan of q-learning is obeyed', false],
    ['a variant is pinned', why({ pinnedVariant: 'small', obeysPlan: true }), 'small is pinned', false],
    [
      'nothing is allowed, and frames are refused',
      why({ refusal: 'no placement is allowed: edge-1 is unreachable', refusalAgeMs: 900 }, 0.8),
      'frames are refused: edge-1 is unreachable',
      false,
    ],
  ])('is that %s', (_what, below, words, paid) => {
    expect(below!.reason).toContain(words);
    expect(isPaid(below!)).toBe(paid);
  });

  it('is no refusal of a while ago', () => {
    expect(why({ refusal: 'no placement is allowed', refusalAgeMs: 5_000 }, 0.8)).toBeUndefined();
  });
});
