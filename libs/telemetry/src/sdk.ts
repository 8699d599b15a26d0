import { SpanKind, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { RandomIdGenerator, SamplingDecision } from '@opentelemetry/sdk-trace';
import { samplerOf } from './sampler.ts';
import { inferenceSpanName, type Recorder } from './spans.ts';
import type { Environment } from './wants-export.ts';

/**
 * The OpenTelemetry SDK for traces alone, registered globally. Loaded only when traces are exported: it takes a
 * quarter of a second to load. Sampler, batching, limits, endpoint, headers, certificates, resource and exporters
 * follow the OTEL_* variables; where these name no protocol, it is OTLP over gRPC.
 */
export function startSdk({ resource, env }: { resource: Record<string, string>; env: Environment }): {
  readonly recorder: Recorder;
  shutdown(): Promise<void>;
} {
  const protocol = env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? env.OTEL_EXPORTER_OTLP_PROTOCOL;
  const exporters = env.OTEL_TRACES_EXPORTER?.trim() || 'otlp';
  const overGrpc = exporters === 'otlp' && (protocol === undefined || protocol === 'grpc');
  const sampler = samplerOf(env);
  const ids = new RandomIdGenerator();
  // The SDK asks the sampler again about the frame just decided, and must get the same answer.
  let traceId: string | undefined;
  const sdk = new NodeSDK({
    // Attributes from the environment are detected later and so override these.
    resource: defaultResource().merge(resourceFromAttributes(resource)),
    ...(overGrpc ? { traceExporter: new OTLPTraceExporter() } : {}),
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
