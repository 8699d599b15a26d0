import type { Store } from '../store.ts';
import type { NatsServers } from './connection.ts';
import type { NatsStoreOptions } from './nats-store.ts';

/** See `openNatsStore` of nats-store.ts. The client of NATS is loaded only by those who use it. */
export async function openNatsStore(options: NatsStoreOptions): Promise<Store> {
  return (await import('./nats-store.ts')).openNatsStore(options);
}

/** See `readNatsStore` of nats-store.ts. */
export async function readNatsStore(
  options: NatsServers & { signal?: AbortSignal },
): Promise<Pick<Store, 'cells' | 'load' | 'read'> & AsyncDisposable> {
  return (await import('./nats-store.ts')).readNatsStore(options);
}
