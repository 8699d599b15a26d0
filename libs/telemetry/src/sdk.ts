import { SpanKind, trace } from '@opentelemetry/api';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { RandomIdGenerator, SamplingDecision } from '@opentelemetry/sdk-trace';
import { samplerOf } from './sampler.ts';
import { inferenceSpanName, type Recorder } from './spans.ts';
import type { Environment } from './otel-variables.ts';

/**
 * The OpenTelemetry SDK for traces alone, registered globally. Loaded only when traces are exported: it takes a
 * quarter of a second to load. Sampler, batching, limits, endpoint, headers, certificates, resource and exporters
 * follow the OTEL_* variables of process.env (see `tidyVariables`).
 */
export function startSdk({ resource, env }: { resource: Record<string, string>; env: Environment }): {
  readonly recorder: Recorder;
  shutdown(): Promise<void>;
} {
  const sampler = samplerOf(env);
  const ids = new RandomIdGenerator();
  // The SDK asks the sampler again about the frame just decided, and must get the same answer.
  let traceId: string | undefined;
  const sdk = new NodeSDK({
    // Attributes from the environment are detected later and so override these.
    resource: defaultResource().merge(resourceFromAttributes(resource)),
    sampler,
    idGenerator: {
      generateSpanId: () => ids.generateSpanId(),
      generateTraceId() {
        const drawn = traceId ?? ids.generateTraceId();
        traceId = undefined;
        return drawn;
      },
    },
    // Contexts travel in messages.
    textMapPropagator: null,
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  return {
    recorder: {
      tracer: trace.getTracer('weir'),
      samples(parent) {
        traceId = trace.getSpanContext(parent)?.traceId ?? ids.generateTraceId();
        const { decision } = sampler.shouldSample(
          parent,
          traceId,
          inferenceSpanName,
          SpanKind.SERVER,
          {},
          [],
        );
        return decision !== SamplingDecision.NOT_RECORD;
      },
    },
    shutdown: () => sdk.shutdown(),
  };
}
