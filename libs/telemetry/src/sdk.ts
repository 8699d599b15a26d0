import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';

/**
 * The OpenTelemetry SDK for traces alone, registered globally. Loaded only when traces are exported: it takes a
 * quarter of a second to load. Sampler, batching, limits, endpoint, headers, certificates, resource and exporters
 * follow the OTEL_* variables; where these name no protocol, it is OTLP over gRPC.
 */
export function startSdk({
  resource,
  env,
}: {
  resource: Record<string, string>;
  env: Readonly<Record<string, string | undefined>>;
}): { shutdown(): Promise<void> } {
  const protocol = env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? env.OTEL_EXPORTER_OTLP_PROTOCOL;
  const exporters = env.OTEL_TRACES_EXPORTER?.trim() || 'otlp';
  const overGrpc = exporters === 'otlp' && (protocol === undefined || protocol === 'grpc');
  const sdk = new NodeSDK({
    // What the environment says of the resource is detected later and so wins over this.
    resource: defaultResource().merge(resourceFromAttributes(resource)),
    ...(overGrpc ? { traceExporter: new OTLPTraceExporter() } : {}),
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  return { shutdown: () => sdk.shutdown() };
}
