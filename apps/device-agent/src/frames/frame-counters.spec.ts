import { FakeClock } from '@weir/base';
import { agent, common } from '@weir/proto';
import { limits, responseBucketOf } from '@weir/wire';
import { describe, expect, it } from 'vitest';
import type { FrameAnswer, Look } from './frame.ts';
import { FrameCounters } from './frame-counters.ts';

const hops = { agentMs: 1, uplinkMs: 20, queueMs: 4, decodeMs: 5, computeMs: 60, downlinkMs: 10 };
const answer = (given: object = {}) =>
  ({
    placement: { tier: 'edge', nodeId: 'edge-1', variant: 'small' },
    reason: 'planned',
    looks: [{} as Look],
    hops,
    responseMs: 100,
    predictedMs: 90,
    energyJ: 0.25,
    failedAttempts: [],
    decision: { accuracy: 0.75 },
    ...given,
  }) as unknown as FrameAnswer;
const at = (nodeId: string) => ({ placement: { tier: 'edge', nodeId, variant: 'small' } });

describe('frame counters', () => {
  it('add up what came of the frames of one place and reason', () => {
    const counters = new FrameCounters(new FakeClock());
    counters.answered(answer());
    counters.answered(
      answer({ responseMs: 70, energyJ: 0.5, looks: [{}, {}], decision: { accuracy: 0.85 } }),
    );
    counters.answered(answer({ reason: 'deviated' }));
    const { answered } = counters.read().frames!;
    expect(answered).toHaveLength(2);
    expect(answered[0]).toEqual({
      placement: { tier: common.Tier.EDGE, nodeId: 'edge-1', variant: 'small' },
      reason: agent.Reason.PLANNED,
      frames: 2n,
      lookedAgain: 1n,
      hops: { agentMs: 2, uplinkMs: 40, queueMs: 8, decodeMs: 10, computeMs: 120, downlinkMs: 20 },
      predictedMs: 180,
      predictionErrorMs: 30,
      expectedAccuracy: 1.6,
      energyJ: 0.75,
    });
  });

  it('count response times by bucket', () => {
    const counters = new FrameCounters(new FakeClock());
    for (const responseMs of [100, 100, 5]) counters.answered(answer({ responseMs }));
    const buckets = counters.read().frames!.responseBuckets;
    expect(buckets).toHaveLength(responseBucketOf(100) + 1);
    expect([buckets[responseBucketOf(5)], buckets.at(-1)]).toEqual([1n, 2n]);
  });

  it('keep the places that were used last', () => {
    const counters = new FrameCounters(new FakeClock());
    for (let node = 0; node < limits.answeredFrames; node++) counters.answered(answer(at(`node-${node}`)));
    counters.answered(answer(at('node-0')));
    counters.answered(answer(at('another')));
    const kept = counters.read().frames!.answered.map(({ placement }) => placement!.nodeId);
    expect(kept).toHaveLength(limits.answeredFrames);
    expect(kept.slice(-2)).toEqual(['node-0', 'another']);
    expect(kept).not.toContain('node-1');
  });

  it('tell the newest frames one by one, and how old they are', () => {
    const clock = new FakeClock();
    const counters = new FrameCounters(clock);
    for (let frame = 1; frame <= limits.newestFrames + 1; frame++) {
      counters.answered(answer({ predictedMs: frame, failedAttempts: ['edge-2: UNAVAILABLE'] }));
      clock.advance(10);
    }
    const { newest } = counters.read();
    expect(newest.map(({ predictedMs, ageMs }) => [predictedMs, ageMs])).toEqual(
      Array.from({ length: limits.newestFrames }, (_, i) => [i + 2, 10 * (limits.newestFrames - i)]),
    );
    expect(newest[0]).toMatchObject({ hops, lookedAgain: false, failedAttempts: ['edge-2: UNAVAILABLE'] });
  });
});
