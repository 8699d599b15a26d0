import { inference } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { ModelCounts } from './model-counts.ts';
import { ModelTimes } from './model-times.ts';

const sum = (hops: object) => Object.values(hops as Record<string, number>).reduce((a, b) => a + b, 0);

describe('the times of a model at a server', () => {
  it('are told from the quickest round trip lately: what takes longer has waited', () => {
    const times = new ModelTimes();
    times.answered({ roundTripMs: 50, linkRoundTripMs: 10 });
    const { hops, source } = times.answered({ roundTripMs: 75, linkRoundTripMs: 10 });
    expect(hops).toEqual({ uplinkMs: 5, queueMs: 25, decodeMs: 0, computeMs: 40, downlinkMs: 5 });
    expect(source).toBe('client');
    expect([times.serviceMs, times.mostSendingMs]).toEqual([40, 40]);
  });

  it('are told by what is known of the link now', () => {
    const times = new ModelTimes();
    times.answered({ roundTripMs: 50, linkRoundTripMs: 80 });
    const { hops } = times.answered({ roundTripMs: 60, linkRoundTripMs: 10 });
    expect(hops).toMatchObject({ computeMs: 40, queueMs: 10 });
  });

  it('forget a round trip that was quicker than any for long', () => {
    const times = new ModelTimes();
    times.answered({ roundTripMs: 20, linkRoundTripMs: 0 });
    for (let at = 0; at < 64; at++) times.answered({ roundTripMs: 60, linkRoundTripMs: 0 });
    expect(times.serviceMs).toBe(60);
  });

  it('are told apart from the way of the input by statistics', () => {
    const times = new ModelTimes();
    for (const roundTripMs of [50, 60]) times.answered({ roundTripMs, linkRoundTripMs: 10 });
    // 45 ms after the link's, of which the server had the input for 25.
    times.told({ queueMs: 5, computeMs: 20 });
    const { hops, source } = times.answered({ roundTripMs: 70, linkRoundTripMs: 10 });
    expect(hops).toEqual({ uplinkMs: 25, queueMs: 20, decodeMs: 0, computeMs: 20, downlinkMs: 5 });
    expect(source).toBe('statistics');
    expect(times.serviceMs).toBe(20);
  });

  it.each([
    [3, 10, undefined],
    [30, 10, { queueMs: 1e6, decodeMs: 1e6, computeMs: 1e6 }],
    [30, 100, { queueMs: 0, decodeMs: 0, computeMs: 0 }],
  ])('add up to a round trip of %d ms whatever is claimed', (roundTripMs, linkRoundTripMs, told) => {
    const times = new ModelTimes();
    times.told({ queueMs: 0, computeMs: 1_000 });
    const { hops } = times.answered({ roundTripMs, linkRoundTripMs, told });
    expect(sum(hops)).toBeCloseTo(roundTripMs);
    for (const ms of Object.values(hops)) expect(ms).toBeGreaterThanOrEqual(0);
  });
});

describe('the counters of a server', () => {
  const version = (count: number, [queue, input, infer, output]: number[], wrong = 0) => {
    const ns = (ms = 0) => ({ count: BigInt(count), ns: BigInt(ms * 1e6) });
    return inference.ModelStatistics.fromPartial({
      inferenceStats: {
        success: ns(),
        queue: ns(queue),
        computeInput: ns(input),
        computeInfer: ns(infer),
        computeOutput: ns(output),
        fail: { count: BigInt(wrong), ns: 0n },
      },
    });
  };

  it('give means of what came between two readings, over all versions', () => {
    const counts = new ModelCounts();
    expect(counts.read([version(10, [100, 10, 80, 10])])).toBeUndefined();
    const means = counts.read([version(12, [108, 12, 96, 12]), version(2, [0, 2, 16, 2])]);
    expect(means).toEqual({ queueMs: 2, computeMs: 10 });
    expect(counts.read([version(12, [108, 12, 96, 12]), version(2, [0, 2, 16, 2])])).toBeUndefined();
  });

  it('give nothing after a restart, or where they run backwards', () => {
    const counts = new ModelCounts();
    counts.read([version(10, [100, 10, 80, 10])]);
    expect(counts.read([version(3, [1, 1, 1, 1])])).toBeUndefined();
    expect(counts.read([version(4, [0, 1, 1, 1])])).toBeUndefined();
    expect(counts.read([])).toBeUndefined();
  });
});
