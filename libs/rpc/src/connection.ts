import {
  Channel,
  type ChannelCredentials,
  type Client,
  type ClientOptions,
  connectivityState,
} from '@grpc/grpc-js';
import { DeadlineExceeded, Unavailable } from '@weir/base';
import type { EventEmitter } from 'node:events';
import { defaultMaxMessageBytes, clientOptions } from './limits.ts';
import { channelCredentials, isLoopback, type Security } from './transport-security.ts';

export interface ConnectOptions extends Security {
  /** Largest message to receive or send, bytes. @default 8 MiB */
  readonly maxMessageBytes?: number | undefined;
}

/** A class of clients as generated, e.g. `worker.InferenceWorkerClient`. */
export type ClientClass<C extends Client> = new (
  address: string,
  credentials: ChannelCredentials,
  options?: Partial<ClientOptions>,
) => C;

/** One connection to a server: opened on the first call, reopened when lost. Disposing cancels its calls. */
export interface Connection extends AsyncDisposable {
  readonly address: string;
  /** The client of a service on this connection. */
  client<C extends Client>(type: ClientClass<C>): C;
  /** Resolves when connected. Throws DeadlineExceeded after `timeoutMs`. @default 5 000 */
  ready(options?: { timeoutMs?: number }): Promise<void>;
  /** Whether it is connected now. */
  readonly connected: boolean;
}

/** Throws InvalidInput when a TLS file is missing or plain text would leave this machine. */
export function connect(address: string, options: ConnectOptions = {}): Connection {
  const { credentials, lease } = channelCredentials(address, options);
  const channel = new Channel(address, credentials, {
    ...clientOptions(options.maxMessageBytes ?? defaultMaxMessageBytes),
    // A proxy from the environment is for the outside world, not for peers.
    ...(isLoopback(address) ? { 'grpc.enable_http_proxy': 0 } : {}),
  });
  const clients = new Map<unknown, Client>();
  const calls = new Set<OpenCall>();
  return {
    address,
    client<C extends Client>(type: ClientClass<C>): C {
      let client = clients.get(type) as C | undefined;
      if (!client) {
        client = new type(address, credentials, { channelOverride: channel });
        clients.set(type, client);
        openCalls.set(client, calls);
      }
      return client;
    },
    ready({ timeoutMs = 5_000 } = {}) {
      return new Promise((resolve, reject) => {
        const deadline = Date.now() + timeoutMs;
        const check = () => {
          const state = channel.getConnectivityState(true);
          if (state === connectivityState.READY) return resolve();
          if (state === connectivityState.SHUTDOWN) return reject(new Unavailable('connection was closed'));
          channel.watchConnectivityState(state, deadline, (error) =>
            error
              ? reject(new DeadlineExceeded(`${address} did not answer within ${timeoutMs} ms`))
              : check(),
          );
        };
        check();
      });
    },
    get connected() {
      return channel.getConnectivityState(false) === connectivityState.READY;
    },
    async [Symbol.asyncDispose]() {
      for (const call of calls) call.cancel();
      channel.close();
      lease?.[Symbol.dispose]();
    },
  };
}

type OpenCall = EventEmitter & { cancel(): void };

/** Calls in progress of each client's connection, so that closing it cancels them. */
const openCalls = new WeakMap<Client, Set<OpenCall>>();

/** Ties a call to the connection of its client. */
export function trackCall(client: Client, call: OpenCall): void {
  const calls = openCalls.get(client);
  if (!calls) return;
  calls.add(call);
  call.once('status', () => calls.delete(call));
}
