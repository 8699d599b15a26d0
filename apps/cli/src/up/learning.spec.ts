import { policy } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { learningOf } from './learning.ts';

const status = (counts: {
  plans: bigint;
  exploringPlans: bigint;
  exploringFrames: bigint;
  driftAlarms: bigint;
}) => policy.WatchLearnerResponse.fromPartial({ ...counts, explorationShare: 0.01 });

const late = status({ plans: 130n, exploringPlans: 9n, exploringFrames: 40n, driftAlarms: 1n });

describe('learning in the summary', () => {
  it('counts exploration in plans, frames and time, and drift alarms', () => {
    expect(learningOf(late, undefined)).toEqual({
      plans: 130,
      exploringPlans: 9,
      exploringFrames: 40,
      explorationShare: 0.01,
      driftAlarms: 1,
      settled: null,
    });
  });

  it('tells what came after the first 30 s apart', () => {
    const early = status({ plans: 40n, exploringPlans: 8n, exploringFrames: 35n, driftAlarms: 1n });
    expect(learningOf(late, early).settled).toEqual({
      plans: 90,
      exploringPlans: 1,
      exploringFrames: 5,
      driftAlarms: 0,
    });
  });
});
