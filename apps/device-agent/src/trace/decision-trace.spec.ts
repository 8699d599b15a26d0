import { policy } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import type { FrameAnswer } from '../frames/frame.ts';
import { DecisionTrace } from './decision-trace.ts';
import type { Traced } from './traced.ts';

const edge = { tier: 'edge', nodeId: 'edge-1', variant: 'large' } as const;
const own = { tier: 'device', nodeId: 'camera', variant: 'small' } as const;
const decision = {
  placement: edge,
  reason: 'deviated',
  predictedMs: 30,
  costMs: 31,
  plannedCostMs: 80,
  savedMs: 0,
  accuracy: 0.86,
  lookAgain: undefined,
  directiveVersion: 7,
  learner: 'planner',
  leaseExpired: false,
  balance: 1.5,
  propensity: 1,
} satisfies Traced['decision'];
const explanation = {
  planned: own,
  thresholdMs: 20,
  priceMs: 100,
  leastAccuracy: 0.8,
  deadlineMs: 500,
  actions: () => [
    { placement: own, predictedMs: 80, costMs: 80, accuracy: 0.8, boundBy: undefined },
    {
      placement: { ...edge, nodeId: 'edge-2' },
      predictedMs: 1,
      costMs: 1,
      accuracy: 0.86,
      boundBy: 'ejected' as const,
    },
    { placement: edge, predictedMs: 30, costMs: 31, accuracy: 0.86, boundBy: undefined },
  ],
};
const answer = {
  reason: 'fallback',
  failedAttempts: ['edge-2: UNAVAILABLE'],
  concurrency: 2,
  looks: [{ variant: 'large', placement: edge, hops: {}, classification: {} }],
  responseMs: 33,
} as unknown as FrameAnswer;

describe('the trace of decisions', () => {
  it('tells why a frame went where it did and what became of it, what was allowed first', () => {
    const trace = new DecisionTrace();
    const entry = trace.begin('f-1', 1_000);
    entry.decided(1_002, decision, explanation);
    expect(trace.newest(1, 1_010)).toMatchObject([
      { requestId: 'f-1', ageMs: 8, responseMs: 0, failure: '' },
    ]);
    entry.answered(answer);
    const [told] = trace.newest(1, 1_010);
    expect(told).toMatchObject({
      placement: { nodeId: 'edge-1', variant: 'large' },
      planned: { nodeId: 'camera' },
      thresholdMs: 20,
      accuracyPriceMs: 100,
      leastAccuracy: 0.8,
      deadlineMs: 500,
      responseMs: 33,
      decision: { costMs: 31, plannedCostMs: 80, failedAttempts: ['edge-2: UNAVAILABLE'], concurrency: 2 },
      looks: [{ placement: { nodeId: 'edge-1' }, failure: '' }],
    });
    expect(told!.actions.map(({ placement, boundBy }) => [placement?.nodeId, boundBy])).toEqual([
      ['edge-1', ''],
      ['camera', ''],
      ['edge-2', 'ejected'],
    ]);
    // As it goes over the wire.
    expect(policy.TracedDecision.decode(policy.TracedDecision.encode(told!).finish())).toEqual(told);
  });

  it('tells of a frame that was refused, with what there was', () => {
    const trace = new DecisionTrace();
    const entry = trace.begin('f-1', 1_000);
    entry.decided(1_000, undefined, explanation);
    entry.failed('FAILED_PRECONDITION');
    trace.begin('f-2', 1_001).failed('INVALID_ARGUMENT');
    expect(trace.newest(10, 1_001)).toMatchObject([
      { requestId: 'f-2', failure: 'INVALID_ARGUMENT', placement: undefined, actions: [] },
      {
        requestId: 'f-1',
        failure: 'FAILED_PRECONDITION',
        placement: undefined,
        planned: { nodeId: 'camera' },
      },
    ]);
  });

  it('remembers the last 64, the newest first', () => {
    const trace = new DecisionTrace();
    for (let at = 1; at <= 70; at++) trace.begin(`f-${at}`, at);
    const told = trace.newest(1_000, 70).map(({ requestId }) => requestId);
    expect([told.length, told[0], told.at(-1)]).toEqual([64, 'f-70', 'f-7']);
    expect(trace.newest(2, 70).map(({ requestId }) => requestId)).toEqual(['f-70', 'f-69']);
    expect(trace.newest(0, 70)).toEqual([]);
  });
});
