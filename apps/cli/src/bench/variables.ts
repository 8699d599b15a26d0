/** Environment variables; null: unset. */
export type Variables = Readonly<Record<string, string | null>>;

/** Nothing is traced, whatever the user's own environment says. */
export const untraced: Variables = { OTEL_SDK_DISABLED: 'true', OTEL_METRICS_EXPORTER: 'none' };

/** A share of the frames, 0..1, is traced and sent over OTLP. */
export const tracedTo = (endpoint: string, sampled: number): Variables => ({
  OTEL_SDK_DISABLED: null,
  OTEL_TRACES_EXPORTER: 'otlp',
  OTEL_METRICS_EXPORTER: 'none',
  OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
  OTEL_TRACES_SAMPLER_ARG: String(sampled),
});

/** Runs `work`, e.g. starting processes, with these variables set in this process. */
export async function withVariables<T>(variables: Variables, act: () => Promise<T>): Promise<T> {
  const before = Object.keys(variables).map((key) => [key, process.env[key] ?? null] as const);
  assign(Object.entries(variables));
  try {
    return await act();
  } finally {
    assign(before);
  }
}

export function assign(variables: readonly (readonly [string, string | null])[]): void {
  for (const [key, value] of variables)
    if (value === null) delete process.env[key];
    else process.env[key] = value;
}
