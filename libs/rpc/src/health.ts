import type { Server } from '@grpc/grpc-js';
import { NotFound } from '@weir/base';
import { health as contract } from '@weir/proto';
import { serverStream, unary } from './handlers.ts';
import { addReadable } from './readable.ts';

/** grpc.health.v1 of one server: the same status for the server as a whole ("") and for each of its services. */
export interface Health {
  setServing(serving: boolean): void;
  /** Ends the watches, which would otherwise keep their connections open. */
  endWatches(): void;
}

const { NOT_SERVING, SERVICE_UNKNOWN, SERVING } = contract.HealthCheckResponse_ServingStatus;

/** Adds the service; NOT_SERVING until told otherwise. */
export function addHealth(server: Server, services: readonly string[]): Health {
  const names = ['', ...services];
  const over = new AbortController();
  let status: contract.HealthCheckResponse_ServingStatus = NOT_SERVING;
  let changed = Promise.withResolvers<void>();

  const implementation: contract.HealthServer = {
    check: unary(({ service }: contract.HealthCheckRequest) => {
      if (!names.includes(service)) throw new NotFound(`no service ${service} here`);
      return { status };
    }),
    list: unary(() => ({ statuses: Object.fromEntries(names.map((name) => [name, { status }])) })),
    watch: serverStream(async function* ({ service }: contract.HealthCheckRequest, { signal }) {
      const ended = AbortSignal.any([signal, over.signal]);
      const { promise: end, resolve } = Promise.withResolvers<void>();
      ended.addEventListener('abort', () => resolve());
      const now = () => (names.includes(service) ? status : SERVICE_UNKNOWN);
      // The last change is told before the end.
      for (let told: typeof status | undefined; ;) {
        const change = changed.promise;
        if (told !== now()) yield { status: (told = now()) };
        else if (ended.aborted) return;
        else await Promise.race([change, end]);
      }
    }),
  };
  addReadable(server, contract.HealthService, implementation);
  return {
    setServing(serving) {
      const now = serving ? SERVING : NOT_SERVING;
      if (now === status) return;
      status = now;
      changed.resolve();
      changed = Promise.withResolvers();
    },
    endWatches: () => over.abort(),
  };
}
