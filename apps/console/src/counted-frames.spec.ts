import { agent, common } from '@weir/proto';
import { responseBucketOf } from '@weir/wire';
import { describe, expect, it } from 'vitest';
import { CountedFrames } from './counted-frames.ts';

const hopsOfOne = { agentMs: 1, uplinkMs: 10, queueMs: 5, decodeMs: 4, computeMs: 50, downlinkMs: 10 };
const timesHops = (frames: number) => ({
  agentMs: hopsOfOne.agentMs * frames,
  uplinkMs: hopsOfOne.uplinkMs * frames,
  queueMs: hopsOfOne.queueMs * frames,
  decodeMs: hopsOfOne.decodeMs * frames,
  computeMs: hopsOfOne.computeMs * frames,
  downlinkMs: hopsOfOne.downlinkMs * frames,
});

/** Frames of 80 ms that were predicted to take 70, so many at each place. */
const status = (
  given: object,
  ...at: (readonly [nodeId: string, frames: number, reason?: agent.Reason])[]
) => {
  const frames = at.reduce((sum, [, count]) => sum + count, 0);
  const responseBuckets = Array.from({ length: responseBucketOf(80) + 1 }, () => 0n);
  responseBuckets[responseBucketOf(80)] = BigInt(frames);
  return agent.GetStatusResponse.fromPartial({
    deviceId: 'device-1',
    instanceId: 'a',
    frames: {
      responseBuckets,
      answered: at.map(([nodeId, count, reason = agent.Reason.PLANNED]) => ({
        placement: { tier: common.Tier.EDGE, nodeId, variant: 'small' },
        reason,
        frames: BigInt(count),
        lookedAgain: BigInt(Math.floor(count / 2)),
        hops: timesHops(count),
        predictedMs: 70 * count,
        predictionErrorMs: 20 * count,
        expectedAccuracy: 0.75 * count,
        energyJ: 0.25 * count,
      })),
    },
    ...given,
  });
};

describe('counted frames', () => {
  it('come to nothing before the second reading', () => {
    const counted = new CountedFrames();
    expect(counted.seen).toBe(false);
    counted.add(status({}, ['edge-1', 100]), 1_000);
    expect(counted.seen).toBe(true);
    expect(counted.recent(1_000)).toBeNull();
    expect(counted.medianMs(1_000)).toBeNull();
  });

  it('are what came between two readings', () => {
    const counted = new CountedFrames();
    counted.add(status({ failed: 2n }, ['edge-1', 100]), 1_000);
    counted.add(status({ failed: 3n }, ['edge-1', 106], ['edge-2', 2, agent.Reason.DEVIATED]), 3_000);
    expect(counted.recent(3_000)).toEqual({
      framesPerSecond: 4,
      meanMs: 80,
      p95Ms: expect.toSatisfy((ms: number) => Math.abs(ms / 80 - 1) < 0.1) as number,
      predictedMs: 70,
      predictionError: 0.25,
      expectedAccuracy: 0.75,
      right: null,
      lookedAgain: 0.5,
      energyJ: 0.25,
      hopsMs: [1, 10, 5, 4, 50, 10],
      placements: [
        { tier: 'edge', nodeId: 'edge-1', variant: 'small', share: 0.75 },
        { tier: 'edge', nodeId: 'edge-2', variant: 'small', share: 0.25 },
      ],
      reasons: { planned: 6, deviated: 2 },
      failed: 1,
    });
    expect(counted.flows(3_000)).toEqual(
      new Map([
        ['device-1 edge-1', 3],
        ['device-1 edge-2', 1],
      ]),
    );
    expect(Math.abs(counted.medianMs(3_000)! / 80 - 1)).toBeLessThan(0.1);
  });

  it('are those of the last 5 s, and their accuracies those of the last 30 s', () => {
    const counted = new CountedFrames();
    counted.add(status({}, ['edge-1', 0]), 0);
    counted.add(status({}, ['edge-1', 10]), 10_000);
    const late = status({}, ['edge-1', 20]);
    late.frames!.answered[0]!.expectedAccuracy = 10 * 0.75 + 10 * 0.85;
    counted.add(late, 15_000);
    expect(counted.recent(15_000)).toMatchObject({ framesPerSecond: 2, expectedAccuracy: 0.8 });
    expect(counted.recent(20_001)).toBeNull();
  });

  it('begin again with another run of the agent, and with a place that it had forgotten', () => {
    const counted = new CountedFrames();
    counted.add(status({}, ['edge-1', 100]), 1_000);
    counted.add(status({ instanceId: 'b' }, ['edge-1', 3]), 2_000);
    expect(counted.recent(2_000)).toBeNull();
    counted.add(status({ instanceId: 'b' }, ['edge-1', 1], ['edge-2', 2]), 3_000);
    expect(counted.recent(3_000)).toMatchObject({ framesPerSecond: 3 });
  });

  it('are told apart by device, and added up over them', () => {
    const counted = new CountedFrames();
    for (const [deviceId, frames] of [
      ['a', 2],
      ['b', 6],
    ] as const) {
      counted.add(status({ deviceId }, ['edge-1', 0]), 1_000);
      counted.add(status({ deviceId }, ['edge-1', frames]), 2_000);
    }
    expect(counted.recent(2_000, 'b')).toMatchObject({ framesPerSecond: 6 });
    expect(counted.recent(2_000)).toMatchObject({ framesPerSecond: 8, meanMs: 80 });
    counted.keepOnly(new Set(['a']));
    expect(counted.recent(2_000)).toMatchObject({ framesPerSecond: 2 });
  });

  it('tell how many answers were right, of those whose truth was told', () => {
    const counted = new CountedFrames();
    counted.add(status({ measured: { labelled: 10n, right: 0.5 } }, ['edge-1', 10]), 1_000);
    counted.add(status({ measured: { labelled: 20n, right: 0.65 } }, ['edge-1', 20]), 2_000);
    expect(counted.recent(2_000)).toMatchObject({ right: 0.8 });
  });

  it('are shown one by one as far as the agents tell of them, the newest first', () => {
    const counted = new CountedFrames();
    const newest = (ageMs: number) => ({
      ageMs,
      placement: { tier: common.Tier.EDGE, nodeId: 'edge-1', variant: 'small' },
      reason: agent.Reason.FALLBACK,
      hops: hopsOfOne,
      failedAttempts: ['edge-2: UNAVAILABLE'],
    });
    counted.add(status({ deviceId: 'a', newest: [newest(30), newest(10)] }), 1_000);
    counted.add(status({ deviceId: 'b', newest: [newest(20)] }), 1_000);
    const traces = counted.traces();
    expect(traces.map(({ deviceId, at }) => [deviceId, at])).toEqual([
      ['a', 990],
      ['b', 980],
      ['a', 970],
    ]);
    expect(traces[0]).toMatchObject({
      responseMs: 80,
      reason: 'fallback',
      correct: null,
      failedAttempts: ['edge-2: UNAVAILABLE'],
    });
  });

  it('keep 30 s of readings and no more', () => {
    const counted = new CountedFrames();
    for (let second = 0; second <= 120; second++) {
      const reading = status({}, ['edge-1', second]);
      const early = Math.min(second, 60);
      reading.frames!.answered[0]!.expectedAccuracy = 0.95 * early + 0.75 * (second - early);
      counted.add(reading, second * 1_000);
    }
    expect(counted.recent(120_000)).toMatchObject({ framesPerSecond: 1, expectedAccuracy: 0.75 });
  });
});
