import type { DescMessage, DescMethod, DescMethodServerStreaming, DescMethodUnary } from '@bufbuild/protobuf';
import type { ConnectRouter, HandlerContext, MethodImpl, Transport } from '@connectrpc/connect';
import { contracts } from '@weir/proto/contracts';
import { addCaller } from './caller-header.ts';

/** What of a page's request goes on to the service, beside its deadline. */
export const forwardedHeaders = ['traceparent', 'tracestate'];

type Unary = DescMethodUnary<DescMessage, DescMessage>;
type ServerStream = DescMethodServerStreaming<DescMessage, DescMessage>;

/** Forwards the methods that a browser can call, unary ones and server streams, of the services named. */
export function forward(router: ConnectRouter, services: readonly string[], transport: Transport): void {
  for (const { methods } of services.flatMap((name) => contracts().getService(name) ?? []))
    for (const method of methods) {
      if (isUnary(method)) router.rpc(method, unary(method, transport));
      if (isServerStream(method)) router.rpc(method, serverStream(method, transport));
    }
}

const isUnary = (method: DescMethod): method is Unary => method.methodKind === 'unary';
const isServerStream = (method: DescMethod): method is ServerStream =>
  method.methodKind === 'server_streaming';

const unary =
  (method: Unary, transport: Transport): MethodImpl<Unary> =>
  async (request, context) => {
    const { message } = await transport.unary(method, ...callOf(context), request);
    return message;
  };

const serverStream = (method: ServerStream, transport: Transport): MethodImpl<ServerStream> =>
  async function* (request, context) {
    const { message } = await transport.stream(method, ...callOf(context), only(request));
    yield* message;
  };

/** Ends with the page's call, and has no more time. */
const callOf = (context: HandlerContext): [AbortSignal, number | undefined, Headers] => {
  const headers = new Headers();
  for (const name of forwardedHeaders) {
    const value = context.requestHeader.get(name);
    if (value !== null) headers.set(name, value);
  }
  addCaller(headers, context.values);
  return [context.signal, context.timeoutMs(), headers];
};

async function* only<T>(message: T): AsyncGenerator<T> {
  yield message;
}
