import type {
  sendUnaryData,
  Server,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
} from '@grpc/grpc-js';
import { NotFound } from '@weir/base';
import { HealthImplementation } from 'grpc-health-check';
import { refuse } from './handlers.ts';
import { addReadable } from './readable.ts';

/** grpc.health.v1 of one server: one status for the server as a whole ("") and for each of its services. */
export interface Health {
  setServing(serving: boolean): void;
  /** Ends the watches, which would otherwise keep their connections open. */
  endWatches(): void;
}

interface Request {
  readonly service: string;
}
interface Handlers {
  check(call: ServerUnaryCall<Request, unknown>, callback: sendUnaryData<unknown>): void;
  watch(call: ServerWritableStream<Request, unknown>): void;
}

/** Adds the service; NOT_SERVING until told otherwise. */
export function addHealth(server: Server, services: readonly string[]): Health {
  const names = ['', ...services];
  const watches = new Set<ServerWritableStream<Request, unknown>>();
  const health = new HealthImplementation(
    Object.fromEntries(names.map((name) => [name, 'NOT_SERVING' as const])),
  );
  // Of services that there are not, the implementation would keep every name, and send it back however long.
  const guarded = ({ check, watch, ...handlers }: Handlers) => ({
    ...handlers,
    check(call: Parameters<Handlers['check']>[0], callback: Parameters<Handlers['check']>[1]) {
      const { service } = call.request;
      if (names.includes(service)) check(call, callback);
      else refuse(call, callback, new NotFound(`no service ${service} here`));
    },
    watch(call: Parameters<Handlers['watch']>[0]) {
      watches.add(call);
      call.once('cancelled', () => watches.delete(call));
      if (names.includes(call.request.service)) watch(call);
      else call.write({ status: 'SERVICE_UNKNOWN' });
    },
  });
  health.addToServer({
    addService: (definition: unknown, implementation: unknown) =>
      addReadable(server, definition as ServiceDefinition, guarded(implementation as Handlers)),
  });
  return {
    setServing(serving) {
      for (const name of names) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
    },
    endWatches() {
      for (const call of watches) call.end();
    },
  };
}
