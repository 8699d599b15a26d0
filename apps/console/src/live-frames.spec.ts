import { describe, expect, it } from 'vitest';
import { frame } from './frame.fixture.ts';
import { LiveFrames } from './live-frames.ts';

function frames(...records: Parameters<LiveFrames['add']>[0]) {
  const live = new LiveFrames();
  live.add(records, []);
  return live;
}

describe('the newest frames', () => {
  it('come to nothing when there are none', () => {
    const live = new LiveFrames();
    expect(live.recent(0)).toBeNull();
    expect(live.medianMs(0)).toBeNull();
    expect(live.traces()).toEqual([]);
    expect(live.seen).toBe(false);
  });

  it('are averaged over 5 s, their accuracies over 30 s', () => {
    const live = frames(
      frame({ at: 10_000, responseMs: 500, expectedAccuracy: 0.7, correct: false }),
      frame({ at: 30_000, responseMs: 80, predictedMs: 60 }),
      frame({
        at: 31_000,
        responseMs: 120,
        predictedMs: 100,
        nodeId: 'device-1',
        tier: 'device',
        lookedAgain: true,
      }),
    );
    expect(live.recent(32_000)).toMatchObject({
      framesPerSecond: 0.4,
      meanMs: 100,
      predictedMs: 80,
      predictionError: 0.2,
      expectedAccuracy: 0.7333,
      right: 0.6667,
      lookedAgain: 0.5,
      hopsMs: [1, 10, 5, 4, 50, 10],
      reasons: { planned: 2 },
      placements: [
        { nodeId: 'edge-1', share: 0.5 },
        { nodeId: 'device-1', share: 0.5 },
      ],
    });
    expect(live.medianMs(32_000)).toBe(100);
  });

  it('are told apart by device', () => {
    const live = frames(frame({ deviceId: 'a', responseMs: 10 }), frame({ deviceId: 'b', responseMs: 30 }));
    expect(live.recent(1_000, 'b')).toMatchObject({ meanMs: 30 });
    expect(live.recent(1_000, 'c')).toBeNull();
    expect(live.flows(1_000)).toEqual(
      new Map([
        ['a edge-1', 0.2],
        ['b edge-1', 0.2],
      ]),
    );
  });

  it('do not count as right or wrong where the answer is not known', () => {
    expect(frames(frame({ correct: undefined })).recent(1_000)).toMatchObject({ right: null });
  });

  it('count their failures', () => {
    const live = new LiveFrames();
    live.add([], [{ deviceId: 'device-1', at: 1_000, why: 'late' }]);
    expect(live.recent(1_000)).toMatchObject({ failed: 1, framesPerSecond: 0, meanMs: 0 });
  });

  it.each([-60_000, 60_000])('are as old as they are where their clock is %d ms behind', (aheadMs) => {
    const live = new LiveFrames();
    const at = 100_000;
    live.add([frame({ at })], [{ deviceId: 'device-1', at, why: 'late' }], { aheadMs });
    expect(live.recent(at + aheadMs + 4_999)).toMatchObject({ framesPerSecond: 0.2, failed: 1 });
    expect(live.recent(at + aheadMs + 5_000)).toBeNull();
    expect(live.traces()).toMatchObject([{ at: at + aheadMs }]);
  });

  it('are forgotten after 30 s', () => {
    const live = frames(frame({ at: 0 }), frame({ at: 20_000 }));
    expect(live.recent(40_000)).toBeNull();
    expect(live.traces()).toHaveLength(1);
  });

  it('are shown one by one, the newest first, twelve at most', () => {
    const live = frames(...Array.from({ length: 20 }, (_, at) => frame({ at, responseMs: at + 0.123 })));
    const traces = live.traces();
    expect(traces).toHaveLength(12);
    expect(traces[0]).toMatchObject({ at: 19, responseMs: 19.1, correct: true });
  });

  it('never take more memory than 20,000 of them', () => {
    const live = new LiveFrames();
    live.add(
      Array.from({ length: 30_000 }, () => frame()),
      [],
    );
    expect(live.recent(1_000)).toMatchObject({ framesPerSecond: 20_000 / 5 });
  });
});
