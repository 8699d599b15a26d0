import { WeirError } from '@weir/base';
import type { Load } from '@weir/inference';
import { type Meter, queueOf, secondsBuckets, type WorkerTimes } from '@weir/telemetry';
import type { WorkerNode } from '../node.ts';

/** A worker's figures; names, units and labels are described in docs/metrics.md. */
export interface WorkerMetrics {
  answered(variant: string, times: WorkerTimes): void;
  /** An inference got no answer; `status` is a gRPC status name. */
  dropped(status: string): void;
  /** A stream to Telemetry is opening; each time but the first is a reconnection. */
  opening(): void;
  /** Gauges show this from now on. */
  watch(load: () => Load): void;
}

export function createWorkerMetrics(meter: Meter, { tier }: { tier: string }): WorkerMetrics {
  const hop = meter.createHistogram('weir.worker.hop.duration', {
    unit: 's',
    description: "Where the worker's part of an inference went.",
    advice: { explicitBucketBoundaries: secondsBuckets },
  });
  const dropped = meter.createCounter('weir.inferences.dropped', {
    unit: '{inference}',
    description: 'Inferences without an answer, by gRPC status.',
  });
  const reconnects = meter.createCounter('weir.stream.reconnects', {
    unit: '{attempt}',
    description: 'Attempts to open a stream again.',
  });
  // Start at 0, so that Prometheus sees the first failure as an increase.
  for (const status of ['CANCELLED', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED'])
    dropped.add(0, { 'error.type': status });
  let opened = false;

  return {
    answered(variant, times) {
      const labels = { 'weir.tier': tier, 'weir.variant': variant };
      hop.record(queueOf(times) / 1_000, { ...labels, 'weir.hop': 'queue' });
      hop.record(times.decodeMs / 1_000, { ...labels, 'weir.hop': 'decode' });
      hop.record(times.computeMs / 1_000, { ...labels, 'weir.hop': 'compute' });
    },
    dropped: (status) => dropped.add(1, { 'error.type': status }),
    opening() {
      reconnects.add(opened ? 1 : 0, { 'weir.peer': 'telemetry' });
      opened = true;
    },
    watch(load) {
      const gauge = (name: string, unit: string, description: string, value: (now: Load) => number) =>
        meter
          .createObservableGauge(name, { unit, description })
          .addCallback((result) => result.observe(value(load()), { 'weir.tier': tier }));
      gauge('weir.queue.depth', '{inference}', 'Waiting for a slot.', ({ queued }) => queued);
      gauge('weir.in_service', '{inference}', 'In a slot.', ({ inService }) => inService);
      gauge(
        'weir.backlog',
        's',
        'Time that accepted work will still take.',
        ({ backlogMs }) => backlogMs / 1_000,
      );
      gauge('weir.slots.utilization', '1', 'Share of the slots in use.', ({ utilization }) => utilization);
    },
  };
}

/** A node whose inferences are counted, but for those in the background. */
export const measured = (node: WorkerNode, metrics: WorkerMetrics): WorkerNode => ({
  ...node,
  async infer(request, options) {
    try {
      const answer = await node.infer(request, options);
      // Only answered ones: callers may name any number of variants that do not exist.
      if (!request.background) metrics.answered(request.variant, answer);
      return answer;
    } catch (error) {
      if (!request.background) metrics.dropped(error instanceof WeirError ? error.status : 'INTERNAL');
      throw error;
    }
  },
});
