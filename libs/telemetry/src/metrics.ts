import { type Meter, createNoopMeter } from '@opentelemetry/api';
import { type Logger, silentLogger } from '@weir/base';
import { handOver } from './hand-over.ts';
import { type ProcessIdentity, resourceAttributesOf } from './resource.ts';
import { exportersOf, tidyVariables } from './otel-variables.ts';

export interface MetricsOptions extends ProcessIdentity {
  /** `HOST:PORT` to serve Prometheus on, at `/metrics`; port 0 is any free one. @default none */
  readonly listen?: string | undefined;
  /** Logs when the last metrics could not be exported. */
  readonly logger?: Logger;
  /** Longest time for exporting the last metrics, ms. @default 2000 */
  readonly flushMs?: number;
  /** Where the OTEL_* variables are read, and tidied; exporters read process.env themselves. @default process.env */
  readonly env?: Record<string, string | undefined>;
}

/** Metrics of this process, until disposed. */
export interface Metrics extends AsyncDisposable {
  /** Creates instruments; no-ops when nothing is exported. */
  readonly meter: Meter;
  /** `HOST:PORT` of the Prometheus endpoint as bound; undefined when there is none. */
  readonly address: string | undefined;
}

/** Bounds of histograms of times, s: from the device's own hops to a deadline that has passed. */
export const secondsBuckets = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 0.75, 1, 2.5, 5, 10,
];

/**
 * Sets up the metrics of this process: served to Prometheus when there is an address for it, exported as the
 * standard OTEL_* variables ask for it (see `exportersOf`), or both. When neither is asked for, no part of the SDK is
 * loaded. Throws Unavailable when the address is taken.
 */
export async function startMetrics(options: MetricsOptions): Promise<Metrics> {
  const { listen, env = process.env, flushMs = 2_000, logger = silentLogger } = options;
  tidyVariables(env, logger);
  const exporters = exportersOf(env, 'METRICS');
  if (listen === undefined && exporters.length === 0)
    return { meter: createNoopMeter(), address: undefined, async [Symbol.asyncDispose]() {} };
  const { startMetricsSdk } = await import('./metrics-sdk.ts');
  const sdk = await startMetricsSdk({
    resource: resourceAttributesOf(options),
    listen,
    exporters,
    env,
    logger,
  });
  return {
    meter: sdk.meter,
    address: sdk.address,
    [Symbol.asyncDispose]: () => handOver(sdk.shutdown(), { what: 'metrics', limitMs: flushMs, logger }),
  };
}
