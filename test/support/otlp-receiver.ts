import {
  Server,
  ServerCredentials,
  loadPackageDefinition,
  type GrpcObject,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

/** A span as it came over the wire. */
export interface ReceivedSpan {
  /** Hexadecimal; `parentSpanId` is empty for a root. */
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  /** Since the Unix epoch. */
  readonly startMs: number;
  readonly endMs: number;
  readonly durationMs: number;
  readonly attributes: Attributes;
  readonly events: readonly { readonly name: string; readonly attributes: Attributes }[];
  /** 0 unset, 1 OK, 2 error. */
  readonly statusCode: number;
  /** Attributes of the process that drew it. */
  readonly resource: Attributes;
}

export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface OtlpReceiver extends AsyncDisposable {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string;
  /** All spans so far, in the order of their arrival. */
  readonly spans: readonly ReceivedSpan[];
  /** Resolves with all spans once they satisfy `enough`; rejects after `timeoutMs`, naming what there is. */
  until(
    enough: (spans: readonly ReceivedSpan[]) => boolean,
    options?: { timeoutMs?: number },
  ): Promise<readonly ReceivedSpan[]>;
}

/** A collector's gRPC receiver of traces (opentelemetry.proto.collector.trace.v1.TraceService) that keeps what it gets. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const waiting = new Set<() => void>();
  const server = new Server();
  server.addService(traceService(), {
    export(call: { request: ExportRequest }, callback: (error: null, response: object) => void) {
      spans.push(...call.request.resourceSpans.flatMap(spansOf));
      callback(null, {});
      for (const look of waiting) look();
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );

  return {
    endpoint: `http://127.0.0.1:${port}`,
    spans,
    until: (enough, { timeoutMs = 15_000 } = {}) =>
      new Promise((resolve, reject) => {
        const settle = () => {
          waiting.delete(look);
          clearTimeout(timer);
        };
        const look = () => {
          if (!enough(spans)) return;
          settle();
          resolve(spans);
        };
        const timer = setTimeout(() => {
          settle();
          const names = spans.map(({ resource, name }) => `${resource['service.name']}/${name}`);
          reject(new Error(`not enough spans within ${timeoutMs} ms: ${names.join(', ') || 'none'}`));
        }, timeoutMs);
        waiting.add(look);
        look();
      }),
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}

/** Of one trace, in milliseconds: how long each of the named spans took; a name that is missing is left out. */
export const durationsByName = (spans: readonly ReceivedSpan[]): Record<string, number> =>
  Object.fromEntries(spans.map(({ name, durationMs }) => [name, durationMs]));

interface ExportRequest {
  resourceSpans: { resource?: { attributes: KeyValue[] }; scopeSpans: { spans: WireSpan[] }[] }[];
}
interface WireSpan {
  traceId: Buffer;
  spanId: Buffer;
  parentSpanId: Buffer;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: KeyValue[];
  events: { name: string; attributes: KeyValue[] }[];
  status?: { code: number };
}
interface KeyValue {
  key: string;
  value?: {
    value?: string;
    stringValue?: string;
    boolValue?: boolean;
    intValue?: string;
    doubleValue?: number;
  };
}

function traceService() {
  const definition = loadSync(new URL('otlp-trace.proto', import.meta.url).pathname, {
    longs: String,
    defaults: true,
    oneofs: true,
    arrays: true,
  });
  const path = ['opentelemetry', 'proto', 'collector', 'trace', 'v1'];
  const scope = path.reduce((object, part) => object[part] as GrpcObject, loadPackageDefinition(definition));
  return (scope.TraceService as ServiceClientConstructor).service;
}

function spansOf({ resource, scopeSpans }: ExportRequest['resourceSpans'][number]): ReceivedSpan[] {
  const resourceAttributes = attributesOf(resource?.attributes ?? []);
  return scopeSpans.flatMap(({ spans }) =>
    spans.map((span) => {
      const [start, end] = [BigInt(span.startTimeUnixNano), BigInt(span.endTimeUnixNano)];
      return {
        traceId: span.traceId.toString('hex'),
        spanId: span.spanId.toString('hex'),
        parentSpanId: span.parentSpanId.toString('hex'),
        name: span.name,
        startMs: Number(start) / 1e6,
        endMs: Number(end) / 1e6,
        durationMs: Number(end - start) / 1e6,
        attributes: attributesOf(span.attributes),
        events: span.events.map(({ name, attributes }) => ({ name, attributes: attributesOf(attributes) })),
        statusCode: span.status?.code ?? 0,
        resource: resourceAttributes,
      };
    }),
  );
}

/** Those with a single value; lists are left out. */
function attributesOf(pairs: readonly KeyValue[]): Attributes {
  const attributes: Record<string, string | number | boolean> = {};
  for (const { key, value } of pairs) {
    const integer = value?.intValue === undefined ? undefined : Number(value.intValue);
    const single = value?.stringValue ?? value?.boolValue ?? value?.doubleValue ?? integer;
    if (single !== undefined) attributes[key] = single;
  }
  return attributes;
}
