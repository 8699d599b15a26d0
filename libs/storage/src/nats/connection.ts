import { FailedPrecondition, type Logger, sleep, Unavailable, unlessAborted, WeirError } from '@weir/base';
import { JetStreamApiCodes, JetStreamApiError, JetStreamError } from '@nats-io/jetstream';
import {
  connect,
  credsAuthenticator,
  errors,
  type NatsConnection,
  type Server,
} from '@nats-io/transport-node';
import { readFileSync } from 'node:fs';
import { storeNotWritable } from '../store.ts';

export interface NatsServers {
  /** `nats://HOST:PORT`, or `tls://…`; of one cluster. */
  readonly servers: readonly string[];
  /** File with credentials (`.creds`). @default none are sent */
  readonly credentials?: string | undefined;
  /** Files, PEM. @default no TLS, but for `tls://`, where the system's authorities count */
  readonly tls?:
    | undefined
    | {
        readonly ca?: string | undefined;
        readonly cert?: string | undefined;
        readonly key?: string | undefined;
      };
}

/** Time between two tries to reach a server, ms. */
const retryMs = 500;

/**
 * Connects, and waits, telling it once, while no server answers; afterwards it reconnects by itself. Throws FailedPrecondition
 * where only somebody's hand helps: a file that cannot be read, credentials or a certificate that is refused; and the signal's
 * reason when that is aborted before.
 */
export async function connectNats(
  { servers, credentials, tls = {} }: NatsServers,
  { logger, signal }: { logger: Logger; signal?: AbortSignal | undefined },
): Promise<NatsConnection> {
  const where = servers.join(', ');
  const { ca, cert, key } = tls;
  const useTls = ca ?? cert ?? key ?? servers.some((server) => server.startsWith('tls://'));
  const options = {
    servers: [...servers],
    name: 'weir-policy-service',
    maxReconnectAttempts: -1,
    reconnectTimeWait: retryMs,
    reconnectJitter: retryMs,
    // The client's own order begins with the server that it has just lost.
    reconnectToServer: (pool: readonly Server[]) =>
      pool.reduce((a, b) => (b.lastConnect < a.lastConnect ? b : a)),
    // A server that is gone without a word is noticed within 10 s.
    pingInterval: 5_000,
    maxPingOut: 1,
    timeout: 5_000,
    noAsyncTraces: true,
    ...(credentials !== undefined && {
      authenticator: credsAuthenticator(fileOf(credentials, '--store-credentials')),
    }),
    ...(useTls && {
      tls: {
        ...(ca !== undefined && { ca: fileOf(ca, '--store-tls-ca').toString() }),
        ...(cert !== undefined && { cert: fileOf(cert, '--store-tls-cert').toString() }),
        ...(key !== undefined && { key: fileOf(key, '--store-tls-key').toString() }),
      },
    }),
  };
  let told = false;
  for (;;) {
    signal?.throwIfAborted();
    const connecting = connect(options);
    try {
      return await unlessAborted(connecting, signal);
    } catch (error) {
      if (signal?.aborted) {
        void connecting.then(
          (late) => late.close(),
          () => {},
        );
        throw error;
      }
      const { message } = error as Error;
      if (needsAHand(error))
        throw new FailedPrecondition(`${where} lets nobody in: ${message}; ${cureOf(error)}`, {
          reason: 'STORE_REFUSED',
          cause: error,
        });
      // The client hears nothing of a certificate of its own that is refused.
      const doubt =
        useTls && error instanceof errors.TimeoutError
          ? ', or no certificate that it takes (--store-tls-cert)'
          : '';
      if (!told) logger.error({ err: error }, `waits for the store at ${where}: ${message}${doubt}`);
      told = true;
      await sleep(retryMs, signal ? { signal } : {});
    }
  }
}

function fileOf(path: string, flag: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new FailedPrecondition(`${path} cannot be read: ${(cause as Error).message} (${flag})`, {
      reason: 'STORE_REFUSED',
      cause,
    });
  }
}

/** Codes of OpenSSL for what another try does not change. https://docs.openssl.org/master/man1/openssl-verification-options */
const refusedCertificate = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_SSL|ERR_TLS/;
const isCertificates = (error: unknown): boolean => {
  for (let each: unknown = error; each instanceof Error; each = each.cause)
    if (refusedCertificate.test(String((each as NodeJS.ErrnoException).code))) return true;
  return false;
};
const isCredentials = (error: unknown): boolean =>
  error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError;
const needsAHand = (error: unknown): boolean => isCredentials(error) || isCertificates(error);
const cureOf = (error: unknown): string =>
  isCredentials(error)
    ? 'name credentials that the server knows (--store-credentials, or --store-tls-cert and --store-tls-key)'
    : 'name the authority that its certificate is of (--store-tls-ca)';

/** The subject's or key's last message is another one than was expected. */
export const isConflict = (error: unknown): boolean =>
  error instanceof JetStreamApiError &&
  (error.code === JetStreamApiCodes.StreamWrongLastSequence ||
    error.code === JetStreamApiCodes.StreamWrongLastSequenceUnknown);

/** NATS did not take it, or did not answer: it may have been stored nevertheless. */
const isOfNats = (error: unknown): error is Error =>
  [
    JetStreamError,
    JetStreamApiError,
    errors.TimeoutError,
    errors.RequestError,
    errors.NoRespondersError,
    errors.ConnectionError,
    errors.ClosedConnectionError,
    errors.DrainingConnectionError,
    errors.PermissionViolationError,
  ].some((kind) => error instanceof kind) ||
  // No leader answers. The package does not export it.
  (error instanceof Error && error.name === 'JetStreamNotEnabled');

/** How long one write is tried: followers miss their leader after 4 to 9 s, ms. */
const attemptMs = 10_000;
const pauseMs = 100;

/**
 * Does it, again while NATS is away or elects a leader, for some seconds; what is done must be such that a second time does no
 * harm. Throws Unavailable (reason `storeNotWritable`) after that; a conflict, whatever is no fault of NATS', and the signal's reason
 * once that is aborted, at once.
 */
export async function attempt<T>(act: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const until = performance.now() + attemptMs;
  for (;;)
    try {
      return await unlessAborted(act(), signal);
    } catch (error) {
      if (error instanceof WeirError || isConflict(error) || !isOfNats(error)) throw error;
      if (performance.now() > until)
        throw new Unavailable(`the store takes nothing: ${error.message}`, {
          reason: storeNotWritable,
          cause: error,
        });
      await sleep(pauseMs);
    }
}
