import { ResourceExhausted } from '@weir/base';
import { worker } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import type { WorkerNode } from '../node.ts';
import { request } from '../worker.fixture.ts';
import { measured, type WorkerMetrics } from './metrics.ts';

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
    for (const background of [true, false]) {
      await infer(request({ variant: 'v', background }), {
        arrivedAt: 0,
        signal: new AbortController().signal,
      });
      const refused = request({ requestId: 'refused', background });
      await infer(refused, { arrivedAt: 0, signal: new AbortController().signal }).catch(() => {});
    }
    expect(told).toEqual(['v', 'RESOURCE_EXHAUSTED']);
  });
});
