import { type Logger, silentLogger, sleep } from '@weir/base';
import { attribute } from './attributes.ts';

/** What a program says of itself; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win over it. */
export interface TracingOptions {
  /** Name of the service, e.g. `device-agent`. */
  readonly service: string;
  /** The cell that this process belongs to. */
  readonly cell?: string | undefined;
  /** The node that it is. */
  readonly node?: string | undefined;
  /** Told when spans could not be handed over at the end. */
  readonly logger?: Logger;
  /** Longest time for handing over the last spans when tracing ends. @default 2000 */
  readonly flushMs?: number;
  /** Where the OTEL_* variables are read. The SDK itself reads process.env. @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Tracing of this process, until disposed. */
export interface Tracing extends AsyncDisposable {
  /** True when spans are recorded and exported. */
  readonly exporting: boolean;
}

/**
 * Sets up tracing for this process, once. Spans are recorded and exported only when the standard OTEL_* variables ask
 * for it (see `wantsExport`); otherwise no part of the SDK is loaded and the API's own no-op tracer stays in place,
 * which hands a caller's context on as it came. Contexts travel in messages (libs/rpc), so no propagator is needed.
 */
export async function startTracing(options: TracingOptions): Promise<Tracing> {
  const env = options.env ?? process.env;
  if (!wantsExport(env)) return { exporting: false, async [Symbol.asyncDispose]() {} };
  const { startSdk } = await import('./sdk.ts');
  const sdk = startSdk({
    resource: {
      'service.name': options.service,
      'service.namespace': 'weir',
      ...(options.cell === undefined ? {} : { [attribute.cellId]: options.cell }),
      ...(options.node === undefined ? {} : { [attribute.nodeId]: options.node }),
    },
    env,
  });
  return {
    exporting: true,
    [Symbol.asyncDispose]: () =>
      within(options.flushMs ?? 2_000, sdk.shutdown(), options.logger ?? silentLogger),
  };
}

/**
 * Whether the environment asks for traces: an exporter is named (OTEL_TRACES_EXPORTER, other than `none`), or an
 * endpoint is (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) and no exporter is. The
 * specification's default, exporting to localhost when nothing is said, would cost every run without a collector.
 */
export function wantsExport(env: Readonly<Record<string, string | undefined>>): boolean {
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return false;
  const exporters = listOf(env.OTEL_TRACES_EXPORTER);
  if (exporters.length > 0) return !exporters.includes('none');
  return Boolean(env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?.trim() || env.OTEL_EXPORTER_OTLP_ENDPOINT?.trim());
}

const listOf = (value = '') =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);

/** A collector that does not answer must not hold up the end of a process; lost spans are logged, not thrown. */
async function within(limitMs: number, flushed: Promise<void>, logger: Logger): Promise<void> {
  const ended = new AbortController();
  const late = sleep(limitMs, { signal: ended.signal }).then(() => {
    throw new Error(`no answer from the collector within ${limitMs} ms`);
  });
  try {
    await Promise.race([flushed, late]);
  } catch (err) {
    logger.warn({ err }, 'The last spans could not be handed over.');
  } finally {
    ended.abort();
    late.catch(() => {});
    flushed.catch(() => {});
  }
}
