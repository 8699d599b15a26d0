export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Whether the environment asks for a signal to be exported: an exporter is named (OTEL_TRACES_EXPORTER, other than
 * `none`), or an endpoint is (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) and no exporter is; for
 * metrics likewise. The specification's default, exporting to localhost when nothing is said, would cost every run
 * without a collector.
 */
export function wantsExport(env: Environment, signal: 'TRACES' | 'METRICS' = 'TRACES'): boolean {
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return false;
  const exporters = listOf(env[`OTEL_${signal}_EXPORTER`]);
  // A Prometheus endpoint is asked for by `--metrics`: one port from the environment cannot serve several processes.
  if (signal === 'METRICS' && exporters.length > 0) return exporters.includes('otlp');
  if (exporters.length > 0) return !exporters.includes('none');
  const endpoint = env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`] ?? '';
  return Boolean(endpoint.trim() || env.OTEL_EXPORTER_OTLP_ENDPOINT?.trim());
}

const listOf = (value = '') =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
