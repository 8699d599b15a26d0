import type { Meter } from '@opentelemetry/api';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  ConsoleMetricExporter,
  type IMetricReader,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import type { Logger } from '@weir/base';
import { observeProcess } from './process-metrics.ts';
import { servePrometheus } from './prometheus.ts';
import type { Environment } from './otel-variables.ts';

/** Most series of one instrument; the rest is counted in one series, `otel.metric.overflow`. */
const maxSeries = 1_000;

/** The OpenTelemetry SDK for metrics. Loaded only if they are exported. */
export async function startMetricsSdk({
  resource,
  listen,
  exporters,
  env,
  logger,
}: {
  resource: Record<string, string>;
  listen: string | undefined;
  exporters: readonly string[];
  env: Environment;
  logger: Logger;
}): Promise<{ meter: Meter; address: string | undefined; shutdown(): Promise<void> }> {
  const prometheus = listen === undefined ? undefined : await servePrometheus(listen);
  const readers: IMetricReader[] = prometheus ? [prometheus.reader] : [];
  const exportIntervalMillis = Number(env.OTEL_METRIC_EXPORT_INTERVAL ?? 60_000);
  const exportTimeoutMillis = Math.min(
    exportIntervalMillis,
    Number(env.OTEL_METRIC_EXPORT_TIMEOUT ?? 30_000),
  );
  for (const name of exporters) {
    try {
      const exporter = name === 'console' ? new ConsoleMetricExporter() : await otlpExporter(env);
      readers.push(
        new PeriodicExportingMetricReader({ exporter, exportIntervalMillis, exportTimeoutMillis }),
      );
    } catch (err) {
      logger.warn({ err }, `no metrics are exported by ${name}: it does not start by the OTEL_* variables`);
    }
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

/** Endpoint, headers, certificates and the like follow the OTEL_* variables. */
async function otlpExporter(env: Environment): Promise<PushMetricExporter> {
  const protocol = env.OTEL_EXPORTER_OTLP_METRICS_PROTOCOL ?? env.OTEL_EXPORTER_OTLP_PROTOCOL;
  const { OTLPMetricExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-metrics-otlp-http')
      : protocol === 'http/protobuf'
        ? await import('@opentelemetry/exporter-metrics-otlp-proto')
        : await import('@opentelemetry/exporter-metrics-otlp-grpc');
  return new OTLPMetricExporter();
}
