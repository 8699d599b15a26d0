import type { Meter } from '@opentelemetry/api';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  type IMetricReader,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import { observeProcess } from './process-metrics.ts';
import { servePrometheus } from './prometheus.ts';
import type { Environment } from './wants-export.ts';

/** Most series of one instrument; the rest is counted in one series, `otel.metric.overflow`. */
const maxSeries = 1_000;

/** The OpenTelemetry SDK for metrics. Loaded only if they are exported. */
export async function startMetricsSdk({
  resource,
  listen,
  overOtlp,
  env,
}: {
  resource: Record<string, string>;
  listen: string | undefined;
  overOtlp: boolean;
  env: Environment;
}): Promise<{ meter: Meter; address: string | undefined; shutdown(): Promise<void> }> {
  const prometheus = listen === undefined ? undefined : await servePrometheus(listen);
  const readers: IMetricReader[] = prometheus ? [prometheus.reader] : [];
  if (overOtlp) {
    const exportIntervalMillis = millis(env.OTEL_METRIC_EXPORT_INTERVAL, 60_000);
    const exportTimeoutMillis = Math.min(
      exportIntervalMillis,
      millis(env.OTEL_METRIC_EXPORT_TIMEOUT, 30_000),
    );
    readers.push(
      new PeriodicExportingMetricReader({
        exporter: await otlpExporter(env),
        exportIntervalMillis,
        exportTimeoutMillis,
      }),
    );
  }
  const provider = new MeterProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes(resource))
      .merge(detectResources({ detectors: [envDetector] })),
    readers,
    views: [{ instrumentName: '*', aggregationCardinalityLimit: maxSeries }],
  });
  const meter = provider.getMeter('weir');
  observeProcess(meter);
  return { meter, address: prometheus?.address, shutdown: () => provider.shutdown() };
}

/** Endpoint, headers, certificates and the like follow the OTEL_* variables; gRPC is the default protocol. */
async function otlpExporter(env: Environment): Promise<PushMetricExporter> {
  const protocol = env.OTEL_EXPORTER_OTLP_METRICS_PROTOCOL ?? env.OTEL_EXPORTER_OTLP_PROTOCOL ?? 'grpc';
  const { OTLPMetricExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-metrics-otlp-http')
      : protocol === 'http/protobuf'
        ? await import('@opentelemetry/exporter-metrics-otlp-proto')
        : await import('@opentelemetry/exporter-metrics-otlp-grpc');
  return new OTLPMetricExporter();
}

function millis(text: string | undefined, fallback: number): number {
  const value = Number(text);
  return value > 0 ? value : fallback;
}
