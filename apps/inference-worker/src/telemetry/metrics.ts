import { WeirError } from '@weir/base';
import type { Load, Runner } from '@weir/inference';
import { type Meter, queueOf, secondsBuckets, type WorkerTimes } from '@weir/telemetry';
import type { WorkerNode } from '../node.ts';

/** A worker's figures; names, units and labels are described in docs/metrics.md. */
export interface WorkerMetrics {
  /** `batchSize`: inferences that were computed together with this one, itself included. */
  answered(variant: string, facts: WorkerTimes & { readonly batchSize: number }): void;
  /** An inference got no answer; `status` is a gRPC status name. */
  dropped(status: string): void;
  /** A stream to Telemetry is opening; each time but the first is a reconnection. */
  opening(): void;
  /** Gauges show this from now on. */
  watch(runner: Pick<Runner, 'load' | 'batchCurves'>): void;
}

/** Sizes that a batch curve measures, up to what `--max-batch` allows at most. */
const batchBuckets = [1, 2, 4, 8, 16, 32, 64];

export function createWorkerMetrics(meter: Meter, { tier }: { tier: string }): WorkerMetrics {
  const hop = meter.createHistogram('weir.worker.hop.duration', {
    unit: 's',
    description: "Where the worker's part of an inference went.",
    advice: { explicitBucketBoundaries: secondsBuckets },
  });
  const batchSize = meter.createHistogram('weir.batch.size', {
    unit: '{inference}',
    description: 'Inferences computed together, as each of them saw it.',
    advice: { explicitBucketBoundaries: batchBuckets },
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
    answered(variant, facts) {
      const labels = { 'weir.tier': tier, 'weir.variant': variant };
      hop.record(queueOf(facts) / 1_000, { ...labels, 'weir.hop': 'queue' });
      hop.record(facts.decodeMs / 1_000, { ...labels, 'weir.hop': 'decode' });
      hop.record(facts.computeMs / 1_000, { ...labels, 'weir.hop': 'compute' });
      batchSize.record(facts.batchSize, labels);
    },
    dropped: (status) => dropped.add(1, { 'error.type': status }),
    opening() {
      reconnects.add(opened ? 1 : 0, { 'weir.peer': 'telemetry' });
      opened = true;
    },
    watch(runner) {
      const gauge = (name: string, unit: string, description: string, value: (now: Load) => number) =>
        meter
          .createObservableGauge(name, { unit, description })
          .addCallback((result) => result.observe(value(runner.load()), { 'weir.tier': tier }));
      gauge('weir.queue.depth', '{inference}', 'Waiting for a slot.', ({ queued }) => queued);
      gauge('weir.in_service', '{inference}', 'In a slot.', ({ inService }) => inService);
      gauge(
        'weir.backlog',
        's',
        'Time that accepted work will still take.',
        ({ backlogMs }) => backlogMs / 1_000,
      );
      gauge('weir.slots.utilization', '1', 'Share of the slots in use.', ({ utilization }) => utilization);
      meter
        .createObservableGauge('weir.batch.limit', {
          unit: '{inference}',
          description: 'Largest batch in use: throughput gained up to it, as measured at the start.',
        })
        .addCallback((result) => {
          for (const [variant, { limit }] of runner.batchCurves)
            result.observe(limit, { 'weir.tier': tier, 'weir.variant': variant });
        });
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
