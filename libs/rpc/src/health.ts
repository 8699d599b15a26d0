import type {
  Server,
  ServerWritableStream,
  ServiceDefinition,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { addReadable } from './readable.ts';

/** grpc.health.v1 of one server: one status for the server as a whole ("") and for each of its services. */
export interface Health {
  setServing(serving: boolean): void;
  /** Ends the watches, which would otherwise keep their connections open. */
  endWatches(): void;
}

/** Adds the service; NOT_SERVING until told otherwise. */
export function addHealth(server: Server, services: readonly string[]): Health {
  const names = ['', ...services];
  const watches = new Set<ServerWritableStream<unknown, unknown>>();
  const health = new HealthImplementation(
    Object.fromEntries(names.map((name) => [name, 'NOT_SERVING' as const])),
  );
  health.addToServer({
    addService(definition: unknown, implementation: unknown) {
      const handlers = implementation as UntypedServiceImplementation;
      const watch = (call: ServerWritableStream<unknown, unknown>) => {
        watches.add(call);
        call.once('cancelled', () => watches.delete(call));
        (handlers.watch as (call: unknown) => void)(call);
      };
      addReadable(server, definition as ServiceDefinition, { ...handlers, watch });
    },
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
