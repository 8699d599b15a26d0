import { ResourceExhausted } from '@weir/base';
import type { BatchCurve, Load } from '@weir/inference';
import { worker } from '@weir/proto';
import { startMetrics } from '@weir/telemetry';
import { describe, expect, it } from 'vitest';
import type { WorkerNode } from '../node.ts';
import { request } from '../worker.fixture.ts';
import { createWorkerMetrics, measured, type WorkerMetrics } from './metrics.ts';

describe('a measured node', () => {
  it('counts what is answered and what is not, but nothing of the background', async () => {
    const told: string[] = [];
    const metrics = {
      answered: (variant) => told.push(variant),
      dropped: (status) => told.push(status),
    } as Partial<WorkerMetrics> as WorkerMetrics;
    const node: Partial<WorkerNode> = {
      async infer({ requestId }) {
        if (requestId === 'refused') throw new ResourceExhausted('full');
        return worker.InferResponse.create();
      },
    };
    const { infer } = measured(node as WorkerNode, metrics);
    const call = { arrivedAt: 0, signal: new AbortController().signal, caller: 'a' };
    for (const background of [true, false]) {
      await infer(request({ variant: 'v', background }), call);
      const refused = request({ requestId: 'refused', background });
      await infer(refused, call).catch(() => {});
    }
    expect(told).toEqual(['v', 'RESOURCE_EXHAUSTED']);
  });
});

describe('worker metrics', () => {
  /** A worker's figures, and the lines of one name as Prometheus would scrape them. */
  const setUp = async () => {
    const metrics = await startMetrics({ service: 's', listen: '127.0.0.1:0', env: {} });
    return {
      worker: createWorkerMetrics(metrics.meter, { tier: 'edge' }),
      async lines(name: string) {
        const text = await (await fetch(`http://${metrics.address}/metrics`)).text();
        return text
          .split('\n')
          .filter((line) => line.startsWith(`${name}{`))
          .map((line) => line.replace(',service_name="s"', ''));
      },
      [Symbol.asyncDispose]: () => metrics[Symbol.asyncDispose](),
    };
  };
  const times = { queueMs: 1, decodeMs: 1, computeMs: 1, workerMs: 3 };

  it('count in batches of which size each variant ran', async () => {
    await using test = await setUp();
    for (const batchSize of [1, 4, 4]) test.worker.answered('v', { ...times, batchSize });
    test.worker.answered('w', { ...times, batchSize: 2 });
    expect(await test.lines('weir_batch_size_sum')).toEqual([
      'weir_batch_size_sum{weir_tier="edge",weir_variant="v"} 9',
      'weir_batch_size_sum{weir_tier="edge",weir_variant="w"} 2',
    ]);
    const buckets = await test.lines('weir_batch_size_bucket');
    expect(buckets).toContain('weir_batch_size_bucket{weir_tier="edge",weir_variant="v",le="1"} 1');
    expect(buckets).toContain('weir_batch_size_bucket{weir_tier="edge",weir_variant="v",le="2"} 1');
    expect(buckets).toContain('weir_batch_size_bucket{weir_tier="edge",weir_variant="v",le="4"} 3');
  });

  it('show the largest batch of each variant', async () => {
    await using test = await setUp();
    const curve = (limit: number): BatchCurve => ({ limit, times: {}, factor: (size) => size });
    test.worker.watch({
      load: () => ({}) as Load,
      batchCurves: new Map([
        ['v', curve(4)],
        ['w', curve(1)],
      ]),
    });
    expect(await test.lines('weir_batch_limit')).toEqual([
      'weir_batch_limit{weir_tier="edge",weir_variant="v"} 4',
      'weir_batch_limit{weir_tier="edge",weir_variant="w"} 1',
    ]);
  });
});
