import { describe, expect, it } from 'vitest';
import { ModelStatistics } from './statistics.ts';

const run = (queueMs: number, computeMs: number, batchSize = 1) => ({
  times: { queueMs, decodeMs: 1, computeMs },
  batchSize,
});

describe('statistics of a model', () => {
  it('count requests with their times, and inferences with the executions that they shared', () => {
    const statistics = new ModelStatistics('small');
    statistics.answered({ arrivedAt: 1_000, tookMs: 10, runs: [run(2, 4)] });
    statistics.answered({ arrivedAt: 2_000, tookMs: 20, runs: [run(3, 6, 2), run(5, 6, 2)] });
    statistics.failed(3_000, 0.5);
    expect(statistics.toWire()).toMatchObject({
      name: 'small',
      version: '1',
      lastInference: 3_000n,
      inferenceCount: 3n,
      executionCount: 2n,
      inferenceStats: {
        success: { count: 2n, ns: 30_000_000n },
        fail: { count: 1n, ns: 500_000n },
        queue: { count: 2n, ns: 7_000_000n },
        computeInput: { count: 2n, ns: 2_000_000n },
        computeInfer: { count: 2n, ns: 10_000_000n },
      },
      batchStats: [
        { batchSize: 1n, computeInfer: { count: 1n, ns: 4_000_000n } },
        { batchSize: 2n, computeInfer: { count: 1n, ns: 6_000_000n } },
      ],
    });
  });

  it('are all 0 before the first', () => {
    expect(new ModelStatistics('small').toWire()).toMatchObject({
      lastInference: 0n,
      inferenceCount: 0n,
      executionCount: 0n,
      inferenceStats: { success: { count: 0n, ns: 0n } },
      batchStats: [],
    });
  });
});
