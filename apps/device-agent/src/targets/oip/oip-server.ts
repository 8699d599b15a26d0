import { Metadata } from '@grpc/grpc-js';
import type { RemoteModel } from '@weir/oip';
import { inference } from '@weir/proto';
import { callUnary, type Connection, type TraceContextFields } from '@weir/rpc';

/** What a call to a server is bound by. */
export interface OipCall {
  readonly signal: AbortSignal;
  /** Epoch ms. @default none */
  readonly deadlineAt?: number;
  /** Sent as W3C headers. */
  readonly trace?: TraceContextFields | undefined;
}

/** A server of the Open Inference Protocol. Every call rejects with the WeirError of its status. */
export interface OipServer {
  /** Whether the connection stands. */
  readonly connected: boolean;
  live(call: OipCall): Promise<boolean>;
  ready(model: RemoteModel, call: OipCall): Promise<boolean>;
  metadata(model: RemoteModel, call: OipCall): Promise<inference.ModelMetadataResponse>;
  config(model: RemoteModel, call: OipCall): Promise<inference.ModelConfig | undefined>;
  /** One entry a version. */
  statistics(model: RemoteModel, call: OipCall): Promise<readonly inference.ModelStatistics[]>;
  infer(request: inference.ModelInferRequest, call: OipCall): Promise<inference.ModelInferResponse>;
}

export function oipServer(connection: Connection): OipServer {
  const client = connection.client(inference.GRPCInferenceServiceClient);
  return {
    get connected() {
      return connection.connected;
    },
    live: async (call) => (await callUnary(client, client.serverLive, {}, call)).live,
    ready: async ({ name, version }, call) =>
      (await callUnary(client, client.modelReady, { name, version }, call)).ready,
    metadata: ({ name, version }, call) => callUnary(client, client.modelMetadata, { name, version }, call),
    config: async ({ name, version }, call) =>
      (await callUnary(client, client.modelConfig, { name, version }, call)).config,
    statistics: async ({ name, version }, call) =>
      (await callUnary(client, client.modelStatistics, { name, version }, call)).modelStats,
    infer: (request, { trace, ...call }) =>
      callUnary(client, client.modelInfer, request, { ...call, metadata: headersOf(trace) }),
  };
}

function headersOf(trace: TraceContextFields | undefined): Metadata | undefined {
  if (!trace?.traceparent) return undefined;
  const headers = new Metadata();
  headers.set('traceparent', trace.traceparent);
  if (trace.tracestate) headers.set('tracestate', trace.tracestate);
  return headers;
}
