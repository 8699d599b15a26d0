import type { Server, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { InvalidInput } from '@weir/base';
import type { ServerCall } from './call-context.ts';
import { refuse } from './handlers.ts';
import { Unreadable } from './unreadable.ts';

type Handle = (call: ServerCall, callback?: unknown) => void;

/**
 * Adds a service that answers bytes which are no message of its contract with INVALID_ARGUMENT: grpc-js says INTERNAL, as if the
 * fault were the server's, and nothing of what is wrong. In a stream the handler fails where it reads them.
 */
export function addReadable(
  server: Server,
  definition: ServiceDefinition,
  implementation: UntypedServiceImplementation,
): void {
  const methods = Object.entries(definition);
  server.addService(
    Object.fromEntries(
      methods.map(([name, { requestDeserialize: read, ...method }]) => [
        name,
        { ...method, requestDeserialize: (bytes: Buffer) => readOr(read, bytes, method.path) },
      ]),
    ),
    Object.fromEntries(
      methods.map(([name, { requestStream, originalName = name }]) => {
        const handle = (implementation[name] ?? implementation[originalName]) as unknown as Handle;
        return [name, requestStream ? handle : readableOnly(handle)];
      }),
    ),
  );
}

function readOr(read: (bytes: Buffer) => unknown, bytes: Buffer, path: string): unknown {
  try {
    return read(bytes);
  } catch (cause) {
    const description = `expected the message that ${path.slice(1)} takes, as protobuf writes it: ${(cause as Error).message}`;
    return new Unreadable(new InvalidInput([{ field: 'request', description }], { cause }));
  }
}

const readableOnly =
  (handle: Handle): Handle =>
  (call, callback) => {
    const { request } = call as { request?: unknown };
    if (request instanceof Unreadable) refuse(call, callback, request.fault);
    else handle(call, callback);
  };
