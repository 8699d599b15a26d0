import { type Logger, silentLogger } from '@weir/base';
import { handOver } from './hand-over.ts';
import { type ProcessIdentity, resourceAttributesOf } from './resource.ts';
import { recordWith } from './spans.ts';
import { type Environment, wantsExport } from './wants-export.ts';

export interface TracingOptions extends ProcessIdentity {
  /** Logs when the last spans could not be exported. */
  readonly logger?: Logger;
  /** Longest time for exporting the last spans, ms. @default 2000 */
  readonly flushMs?: number;
  /** Where the OTEL_* variables are read. The SDK itself reads process.env. @default process.env */
  readonly env?: Environment;
}

/** Tracing of this process, until disposed. */
export interface Tracing extends AsyncDisposable {
  /** True when spans are recorded and exported. */
  readonly exporting: boolean;
}

/**
 * Sets up tracing for this process, once. Spans are recorded and exported only when the standard OTEL_* variables ask
 * for it (see `wantsExport`); otherwise no part of the SDK is loaded, and a caller's context is passed on unchanged.
 * Contexts travel in messages (libs/rpc), so no propagator is needed.
 */
export async function startTracing(options: TracingOptions): Promise<Tracing> {
  const { env = process.env, flushMs = 2_000, logger = silentLogger } = options;
  if (!wantsExport(env)) return { exporting: false, async [Symbol.asyncDispose]() {} };
  const { startSdk } = await import('./sdk.ts');
  const sdk = startSdk({ resource: resourceAttributesOf(options), env });
  recordWith(sdk.recorder);
  return {
    exporting: true,
    [Symbol.asyncDispose]() {
      recordWith(undefined);
      return handOver(sdk.shutdown(), { what: 'spans', limitMs: flushMs, logger });
    },
  };
}
