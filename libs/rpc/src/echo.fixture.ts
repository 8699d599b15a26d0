import {
  type CallOptions,
  type Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  makeClientConstructor,
  type Metadata,
  type ServiceDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import { silentLogger } from '@weir/base';
import { worker } from '@weir/proto';
import type { CallContext } from './call-context.ts';
import { type ClientClass, connect, type ConnectOptions } from './connection.ts';
import { bidi, clientStream, type DuplexStream, serverStream, unary } from './handlers.ts';
import { roles } from './rights/identity.ts';
import { serve, type ServeOptions } from './server.ts';

type Ping = worker.Ping;
export const ping = (sequence: number, payload = new Uint8Array(0)): Ping => ({ sequence, payload });

const method = <S extends boolean, T extends boolean>(name: string, requestStream: S, responseStream: T) => ({
  path: `/weir.test.Echo/${name}`,
  requestStream,
  responseStream,
  requestSerialize: (message: Ping) => Buffer.from(worker.Ping.encode(message).finish()),
  requestDeserialize: (bytes: Buffer) => worker.Ping.decode(bytes),
  responseSerialize: (message: Ping) => Buffer.from(worker.Ping.encode(message).finish()),
  responseDeserialize: (bytes: Buffer) => worker.Ping.decode(bytes),
});

/** One method of each call type, all of `Ping`, so that tests of this library need no real service. */
export const EchoService = {
  one: method('One', false, false),
  up: method('Up', true, false),
  down: method('Down', false, true),
  both: method('Both', true, true),
} satisfies ServiceDefinition;

type Callback = (error: ServiceError | null, response: Ping) => void;
type Options = Partial<CallOptions>;
interface EchoClient extends Client {
  one(request: Ping, metadata: Metadata, options: Options, callback: Callback): ClientUnaryCall;
  up(metadata: Metadata, options: Options, callback: Callback): ClientWritableStream<Ping>;
  down(request: Ping, metadata?: Metadata, options?: Options): ClientReadableStream<Ping>;
  both(metadata: Metadata, options?: Options): ClientDuplexStream<Ping, Ping>;
}
export const EchoClient = makeClientConstructor(
  EchoService,
  'weir.test.Echo',
) as unknown as ClientClass<EchoClient>;

export interface EchoHandlers {
  readonly one?: (request: Ping, context: CallContext) => Ping | Promise<Ping>;
  readonly up?: (requests: AsyncIterable<Ping>, context: CallContext) => Ping | Promise<Ping>;
  readonly down?: (request: Ping, context: CallContext) => AsyncIterable<Ping>;
  readonly both?: (stream: DuplexStream<Ping, Ping>, context: CallContext) => Promise<void>;
}

/** Everybody may call Echo, certificate or not. */
const paths = Object.values(EchoService).map(({ path }) => path.slice(1));
const openRules: ServeOptions['rules'] = {
  rights: Object.fromEntries(
    paths.map((rpc) => [rpc, Object.fromEntries(['anonymous', ...roles].map((role) => [role, 'any']))]),
  ),
  subjects: Object.fromEntries(paths.map((rpc) => [rpc, 'nothing'])),
};

/** Serves Echo on a free port of loopback, with a client connected to it; what is not given just echoes. */
export async function startEcho(
  handlers: EchoHandlers = {},
  options: Partial<ServeOptions> & { client?: ConnectOptions } = {},
) {
  const server = await serve({
    listen: '127.0.0.1:0',
    logger: silentLogger,
    reflection: false,
    rules: openRules,
    services: [
      {
        definition: EchoService,
        implementation: {
          one: unary(handlers.one ?? ((request) => request)),
          up: clientStream(handlers.up ?? count),
          down: serverStream(handlers.down ?? repeat),
          both: bidi(handlers.both ?? echo),
        },
      },
    ],
    ...options,
  });
  const connection = connect(server.address, options.client);
  return {
    server,
    connection,
    client: connection.client(EchoClient),
    async [Symbol.asyncDispose]() {
      await connection[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function count(requests: AsyncIterable<Ping>) {
  let sequence = 0;
  for await (const _ of requests) sequence++;
  return ping(sequence);
}

async function* repeat({ sequence }: Ping) {
  for (let i = 0; i < sequence; i++) yield ping(i);
}

async function echo(stream: DuplexStream<Ping, Ping>) {
  for await (const message of stream) await stream.send(message);
}
