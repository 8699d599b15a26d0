import { Server, ServerCredentials } from '@grpc/grpc-js';

/** A collector that accepts spans over OTLP and drops them. */
export interface SpanSink extends AsyncDisposable {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string;
  /** Bytes of spans so far. */
  readonly bytes: number;
}

const asIs = (value: Buffer) => value;
const exportSpans = {
  path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  requestStream: false,
  responseStream: false,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
} as const;

export async function startSpanSink(): Promise<SpanSink> {
  let bytes = 0;
  const server = new Server();
  server.addService(
    { exportSpans },
    {
      exportSpans({ request }: { request: Buffer }, callback: (error: null, response: Buffer) => void) {
        bytes += request.length;
        // An empty response: all were accepted.
        callback(null, Buffer.alloc(0));
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return {
    endpoint: `http://127.0.0.1:${port}`,
    get bytes() {
      return bytes;
    },
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}
