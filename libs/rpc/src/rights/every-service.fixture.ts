import {
  Client,
  type ClientWritableStream,
  type ServiceError,
  status as codes,
  type MethodDefinition,
  Metadata,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { type Logger, silentLogger } from '@weir/base';
import { agent, common, health, inference, policy, reflection, telemetry, worker } from '@weir/proto';
import type { CallContext } from '../call-context.ts';
import { connect } from '../connection.ts';
import { bidi, clientStream, type DuplexStream, serverStream, unary } from '../handlers.ts';
import { serve, type ServeOptions } from '../server.ts';
import { fromServiceError } from '../status.ts';
import type { TlsFiles } from '../transport-security.ts';

type Method = MethodDefinition<object, object>;
const own = [
  policy.PolicyServiceService,
  telemetry.TelemetryService,
  agent.DeviceAgentService,
  worker.InferenceWorkerService,
  inference.GRPCInferenceServiceService,
] as unknown as readonly ServiceDefinition[];
const [v1] = Object.values(reflection.ServerReflectionService);
const v1alpha = { ...v1, path: v1!.path.replace('.v1.', '.v1alpha.') };

/** Every RPC by its name, e.g. `weir.policy.v1.PolicyService/Decide`. */
export const everyRpc: ReadonlyMap<string, Method> = new Map(
  [
    ...own,
    health.HealthService as unknown as ServiceDefinition,
    { v1: v1!, v1alpha } as unknown as ServiceDefinition,
  ]
    .flatMap((definition) => Object.values(definition))
    .map((method) => [method.path.slice(1), method as Method]),
);

/** An empty message, with some fields set. */
const request = ({ requestDeserialize }: Method, fields: object): object =>
  Object.assign(requestDeserialize(Buffer.alloc(0)), fields);

/** Serves every service; each handler tells what it was given, and answers with an empty message. */
export async function serveEverything(
  tls: TlsFiles,
  options: Partial<ServeOptions> & { logger?: Logger } = {},
) {
  const seen: { rpc: string; message: unknown }[] = [];
  const services = own.map((definition) => ({
    definition,
    implementation: Object.fromEntries(
      Object.entries(definition).map(([name, method]) => [name, handlerOf(method as Method, seen)]),
    ),
  }));
  const server = await serve({ listen: '127.0.0.1:0', logger: silentLogger, services, tls, ...options });
  server.setServing(true);
  return Object.assign(server, { seen });
}

function handlerOf(method: Method, seen: { rpc: string; message: unknown }[]) {
  const rpc = method.path.slice(1);
  const saw = (message: unknown) => void seen.push({ rpc, message });
  const answer = () => method.responseDeserialize(Buffer.alloc(0));
  const readAll = async (messages: AsyncIterable<unknown>) => {
    for await (const message of messages) saw(message);
    return answer();
  };
  const one = (message: unknown) => {
    saw(message);
    return answer();
  };
  if (method.requestStream && method.responseStream)
    return bidi(async (stream: DuplexStream<object, object>, _context: CallContext) => {
      for await (const message of stream) await stream.send(one(message));
    });
  if (method.requestStream) return clientStream(readAll);
  if (method.responseStream)
    return serverStream(async function* (message: object) {
      yield await Promise.resolve(one(message));
    });
  return unary(one);
}

/** A caller's connection. `call` resolves to `OK` or the status of the refusal, `failure` to the error. */
export function callerTo(address: string, tls: TlsFiles | undefined) {
  const connection = connect(address, tls ? { tls } : {});
  const client = connection.client(Client);
  const failure = (rpc: string, ...messages: readonly object[]) =>
    new Promise<ServiceError | undefined>((resolve) => {
      const method = everyRpc.get(rpc)!;
      const {
        path,
        requestSerialize: write,
        responseDeserialize: read,
        requestStream,
        responseStream,
      } = method;
      const [first = {}] = messages;
      const settle = (error: ServiceError | null) => resolve(error ?? undefined);
      const sendAll = (call: ClientWritableStream<object>) => {
        for (const fields of messages.length > 0 ? messages : [{}]) call.write(request(method, fields));
        call.end();
      };
      const until = (call: {
        on(event: string, listener: (...args: never[]) => void): unknown;
        cancel(): void;
      }) => {
        let failed: ServiceError | undefined;
        call.on('error', (error: ServiceError) => (failed ??= error));
        call.on('status', (status: ServiceError) =>
          resolve(status.code === codes.OK ? undefined : (failed ?? status)),
        );
        call.on('data', () => {
          // Watches go on; one answer says enough.
          if (!requestStream) resolve(undefined);
        });
      };
      if (requestStream && responseStream) {
        const call = client.makeBidiStreamRequest(path, write, read);
        until(call);
        sendAll(call);
      } else if (requestStream) {
        const call = client.makeClientStreamRequest(path, write, read, settle as never);
        call.on('error', () => {});
        sendAll(call);
      } else if (responseStream)
        until(client.makeServerStreamRequest(path, write, read, request(method, first)));
      else
        client.makeUnaryRequest(path, write, read, request(method, first), new Metadata(), settle as never);
    });
  return {
    async call(rpc: string, ...messages: readonly object[]) {
      const error = await failure(rpc, ...messages);
      return error ? fromServiceError(error).status : 'OK';
    },
    async refusal(rpc: string, ...messages: readonly object[]) {
      const error = await failure(rpc, ...messages);
      return error && fromServiceError(error);
    },
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

/** What a call of each RPC is about: the cell, and in it a device or a node. */
export function about(
  rpc: string,
  { cellId, deviceId, nodeId }: { cellId: string; deviceId: string; nodeId: string },
  by = deviceId,
): object {
  if (rpc === 'weir.policy.v1.PolicyService/Orchestrate')
    return { message: { $case: 'hello', value: policy.Hello.fromPartial({ cellId, deviceId }) } };
  if (rpc === 'weir.policy.v1.PolicyService/UploadSnapshot')
    return { message: { $case: 'start', value: policy.UploadSnapshotStart.fromPartial({ cellId }) } };
  if (rpc === 'weir.policy.v1.PolicyService/Decide') return { cellId, deviceId };
  if (rpc === 'weir.telemetry.v1.Telemetry/Report')
    return { cellId, nodeId: by, tier: by === nodeId ? common.Tier.EDGE : common.Tier.DEVICE };
  return rpc.startsWith('weir.policy') || rpc.startsWith('weir.telemetry') ? { cellId } : {};
}
