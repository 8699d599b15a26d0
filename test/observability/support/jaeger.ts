import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.ts';
import { freeAddress, startTool } from './tool.ts';

const configs = fileURLToPath(new URL('../../../docker/', import.meta.url));
const ready = /Everything is ready/;

/** A span as Jaeger's query API gives it. */
export interface JaegerSpan {
  readonly traceID: string;
  readonly spanID: string;
  readonly operationName: string;
  readonly references: readonly { readonly refType: string; readonly spanID: string }[];
  /** µs. */
  readonly startTime: number;
  readonly duration: number;
  readonly tags: Readonly<Record<string, unknown>>;
  readonly service: string;
  readonly process: Readonly<Record<string, unknown>>;
}

/** A Jaeger that keeps traces in memory, asked through its query API. */
export interface Jaeger extends AsyncDisposable {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string;
  /** Spans of a trace; none when it is not known. */
  trace(traceId: string): Promise<JaegerSpan[]>;
  /** The same once it has `count` spans. */
  traceOf(traceId: string, count: number): Promise<JaegerSpan[]>;
  /** Traces of a service whose spans have all these tags. */
  find(service: string, tags: Readonly<Record<string, string>>): Promise<JaegerSpan[][]>;
}

export async function startJaeger(binary: string): Promise<Jaeger> {
  const [otlp, query, grpc] = [await freeAddress(), await freeAddress(), await freeAddress()];
  const tool = await startTool(binary, ['--config', `${configs}jaeger.yaml`], {
    ready,
    env: { WEIR_JAEGER_OTLP: otlp, WEIR_JAEGER_QUERY: query, WEIR_JAEGER_QUERY_GRPC: grpc },
  });
  const ask = async (path: string) => {
    const response = await fetch(`http://${query}/api/traces${path}`);
    if (response.status === 404) return [];
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    return ((await response.json()) as { data: WireTrace[] }).data.map(spansOf);
  };
  const trace = async (traceId: string) => (await ask(`/${traceId}`))[0] ?? [];
  return {
    endpoint: `http://${otlp}`,
    trace,
    traceOf: (traceId, count) =>
      eventually(`${count} spans of trace ${traceId}`, async () => {
        const spans = await trace(traceId);
        return spans.length >= count ? spans : undefined;
      }),
    find: (service, tags) =>
      ask(
        `?${new URLSearchParams({ service, tags: JSON.stringify(tags), lookback: '1h', limit: '20' }).toString()}`,
      ),
    [Symbol.asyncDispose]: () => tool[Symbol.asyncDispose](),
  };
}

/** The collector of docker/otel-collector.yaml, run by Jaeger's binary, which is a collector too. */
export async function startCollector(
  binary: string,
  { to, env }: { to: Jaeger; env: Record<string, string> },
): Promise<{ readonly endpoint: string } & AsyncDisposable> {
  const [grpc, http] = [await freeAddress(), await freeAddress()];
  const tool = await startTool(binary, ['--config', `${configs}otel-collector.yaml`], {
    ready,
    env: {
      WEIR_COLLECTOR_GRPC: grpc,
      WEIR_COLLECTOR_HTTP: http,
      WEIR_JAEGER_OTLP: to.endpoint.slice('http://'.length),
      ...env,
    },
  });
  return { endpoint: `http://${grpc}`, [Symbol.asyncDispose]: () => tool[Symbol.asyncDispose]() };
}

interface WireTag {
  key: string;
  value: unknown;
}
interface WireTrace {
  spans: (Omit<JaegerSpan, 'tags' | 'service' | 'process'> & { tags: WireTag[]; processID: string })[];
  processes: Record<string, { serviceName: string; tags: WireTag[] }>;
}

const tagsOf = (tags: readonly WireTag[]) => Object.fromEntries(tags.map(({ key, value }) => [key, value]));

const spansOf = ({ spans, processes }: WireTrace): JaegerSpan[] =>
  spans.map(({ tags, processID, ...span }) => ({
    ...span,
    tags: tagsOf(tags),
    service: processes[processID]!.serviceName,
    process: tagsOf(processes[processID]!.tags),
  }));
