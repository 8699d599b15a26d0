import { type Logger, silentLogger } from '@weir/base';
import { handOver } from './hand-over.ts';
import { type ProcessIdentity, resourceAttributesOf } from './resource.ts';
import { recordWith } from './spans.ts';
import { exportersOf, tidyVariables } from './otel-variables.ts';

export interface TracingOptions extends ProcessIdentity {
  /** Logs when the last spans could not be exported. */
  readonly logger?: Logger;
  /** Longest time for exporting the last spans, ms. @default 2000 */
  readonly flushMs?: number;
  /** Where the OTEL_* variables are read, and tidied. The SDK itself reads process.env. @default process.env */
  readonly env?: Record<string, string | undefined>;
}

/** Tracing of this process, until disposed. */
export interface Tracing extends AsyncDisposable {
  /** True when spans are recorded and exported. */
  readonly exporting: boolean;
}

/**
 * Sets up tracing for this process, once. Spans are recorded and exported only when the standard OTEL_* variables ask
 * for it (see `exportersOf`); otherwise no part of the SDK is loaded, and a caller's context is passed on unchanged.
 * Where the SDK cannot start, that is told, and nothing is recorded. Contexts travel in messages (libs/rpc), so no propagator is needed.
 */
export async function startTracing(options: TracingOptions): Promise<Tracing> {
  const { env = process.env, flushMs = 2_000, logger = silentLogger } = options;
  tidyVariables(env, logger);
  const sdk = exportersOf(env, 'TRACES').length > 0 && (await started(options, { env, logger }));
  if (!sdk) return { exporting: false, async [Symbol.asyncDispose]() {} };
  recordWith(sdk.recorder);
  return {
    exporting: true,
    [Symbol.asyncDispose]() {
      recordWith(undefined);
      return handOver(sdk.shutdown(), { what: 'spans', limitMs: flushMs, logger });
    },
  };
}

/** Undefined, and told, when the SDK does not start by these variables. */
async function started(
  identity: ProcessIdentity,
  { env, logger }: Required<Pick<TracingOptions, 'env' | 'logger'>>,
) {
  const { startSdk } = await import('./sdk.ts');
  try {
    return startSdk({ resource: resourceAttributesOf(identity), env });
  } catch (err) {
    logger.warn({ err }, 'no traces are exported: OpenTelemetry does not start by the OTEL_* variables');
    return undefined;
  }
}
