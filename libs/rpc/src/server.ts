import {
  experimental,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Meter } from '@opentelemetry/api';
import { type Clock, type Logger, sleep, systemClock, Unavailable, type WeirError } from '@weir/base';
import type { EventEmitter } from 'node:events';
import { boundConnections } from './bounded-connections.ts';
import { callCallerOf } from './call-caller.ts';
import { type CallScope, enterScope, type ServerCall } from './call-context.ts';
import { widenWindows } from './flow-control.ts';
import { refuse } from './handlers.ts';
import { addHealth } from './health.ts';
import {
  defaultMaxMessageBytes,
  mostCallsPerCaller,
  mostConnections,
  serverOptions,
  silentConnectionMs,
} from './limits.ts';
import { QuotaExceeded } from './quota.ts';
import { addReadable } from './readable.ts';
import { addReflection } from './reflection.ts';
import { followHangUps } from './tls/hang-up.ts';
import { type OwnCertificate, tellMaterial } from './tls/tell-material.ts';
import { endDistrusted, tellRefused } from './tls/server-sessions.ts';
import { callerBehind, callerOf } from './rights/caller.ts';
import type { Caller } from './rights/decide.ts';
import { type CallerSource, guard, type GuardRules } from './rights/guard.ts';
import { tellRefusals } from './rights/refusals.ts';
import { type Subject, subjects } from './rights/subjects.ts';
import { tableOfRights } from './rights/table.ts';
import { isLoopback, type Security, serverCredentials } from './transport-security.ts';
import { UnfinishedMessages, type UnfinishedMessagesOptions } from './unfinished-messages.ts';
import { callerInMetadata } from './web/caller-in-metadata.ts';
import { privateSocket } from './web/private-socket.ts';
import type { WebOptions, WebServer } from './web/serve-web.ts';

/** A service with its handlers, each made by `unary`, `serverStream`, `clientStream` or `bidi`. */
export interface ServedService {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

export interface ServeOptions extends Security {
  /** `HOST:PORT`; port 0 is any free one. */
  readonly listen: string;
  readonly services: readonly ServedService[];
  /** Let tools list the services and their messages. @default true */
  readonly reflection?: boolean | undefined;
  readonly logger: Logger;
  /** Largest message to receive or send, bytes. @default 8 MiB */
  readonly maxMessageBytes?: number | undefined;
  /** How long calls may continue once draining has begun, ms. @default 10 000 */
  readonly drainGraceMs?: number | undefined;
  readonly clock?: Clock | undefined;
  /** Of messages that do not become whole. */
  readonly unfinishedMessages?: Omit<UnfinishedMessagesOptions, 'clock'> | undefined;
  /** Connections at once; further ones take the place of silent ones, or are closed. @default 8 192 */
  readonly mostConnections?: number | undefined;
  /** Calls in progress of one certificate, whatever its connections. @default 2 048 */
  readonly callsPerCaller?: number | undefined;
  /** Whom the server stands for: an agent its device, a worker its node. Others' rights to it depend on that. */
  readonly serves?: Subject | undefined;
  /** Who may call what, where connections are secured. @default the table of rights */
  readonly rules?: Pick<GuardRules, 'rights' | 'subjects'> | undefined;
  /** Measures refusals, and the life of certificates. @default nothing is measured */
  readonly meter?: Meter | undefined;
  /** Serves the same services, and health, to pages in browsers too. @default not at all */
  readonly web?: WebOptions | undefined;
}

export interface RpcServer extends AsyncDisposable {
  /** `HOST:PORT` as bound. */
  readonly address: string;
  /** The same of what serves pages in browsers; undefined without `web`. */
  readonly webAddress: string | undefined;
  /** The certificates that this process presents, to clients and to servers. */
  readonly certificates: readonly OwnCertificate[];
  /** Sets health, initially NOT_SERVING. No effect once draining. */
  setServing(serving: boolean): void;
  /** Aborts when draining begins. Handlers find it in their context too. */
  readonly draining: AbortSignal;
  /**
   * Health becomes NOT_SERVING, `draining` aborts, new calls get UNAVAILABLE (reason DRAINING) while health keeps
   * answering. Resolves once the calls in progress have ended, or after the grace period. Disposing drains, then closes.
   */
  drain(): Promise<void>;
}

/** Serves until disposed. Throws InvalidInput for a bad transport and Unavailable when the address is taken. */
export async function serve(options: ServeOptions): Promise<RpcServer> {
  const { listen, services, logger, drainGraceMs = 10_000, clock = systemClock, meter } = options;
  const { maxMessageBytes = defaultMaxMessageBytes } = options;
  await using opening = new AsyncDisposableStack();
  const { credentials, lease } = serverCredentials(listen, options);
  if (lease) opening.use(lease);
  opening.defer(followHangUps(logger));
  const teller = opening.use(tellMaterial({ logger, meter, clock }));
  const refused = meter?.createCounter('weir.tls.refused', {
    unit: '{connection}',
    description: 'Connections that TLS turned away.',
  });
  const unfinished = opening.use(new UnfinishedMessages({ clock, ...options.unfinishedMessages }));
  const server = new Server(serverOptions(maxMessageBytes));
  widenWindows.beforeBind(server);

  const draining = new AbortController();
  const tell = tellRefusals({ logger, clock, meter });
  const onRefused: CallScope['onRefused'] = (refusal, call) => {
    const { id, role = 'anonymous' } = callCallerOf(call);
    tell(refusal, call.getPath().slice(1), { who: id, role });
  };
  const calls = trackCalls(
    { draining: draining.signal, logger, onRefused },
    options.callsPerCaller ?? mostCallsPerCaller,
  );
  for (const { definition, implementation } of services)
    addReadable(server, definition, calls.track(implementation));
  const names = services.map(({ definition }) => serviceName(definition));
  const health = addHealth(server, names);
  if (options.reflection ?? true) addReflection(server, names);

  const bind = (address: string, security: ServerCredentials) =>
    new Promise<number>((resolve, reject) =>
      server.bindAsync(address, security, (error, bound) => {
        if (error) return reject(new Unavailable(`cannot listen on ${address}`, { cause: error }));
        widenWindows.afterBind(server, (http2Server) => {
          const most = options.mostConnections ?? mostConnections;
          const bounded = boundConnections(http2Server, { clock, most, silentMs: silentConnectionMs });
          opening.use(bounded);
          http2Server.on('session', (session) =>
            session.once('stream', () => {
              const { socket } = session;
              if (!socket) return;
              const caller = callerBehind(socket);
              bounded.asked(socket, 'identity' in caller ? caller.identity.uri : undefined);
            }),
          );
          if (!lease || !security._isSecure()) return;
          endDistrusted(http2Server, lease, { clock, logger });
          tellRefused(http2Server, {
            logger,
            onRefused: (cause) => refused?.add(1, { 'weir.cause': cause }),
          });
        });
        resolve(bound);
      }),
    );
  opening.defer(() => server.forceShutdown());
  const rules = {
    ...(options.rules ?? { rights: tableOfRights, subjects }),
    serves: options.serves,
    onRefused: (refusal: WeirError, rpc: string, caller: Caller) =>
      tell(
        refusal,
        rpc,
        'identity' in caller
          ? { who: caller.identity.uri, role: caller.identity.role }
          : { who: caller.unknown, role: 'anonymous' },
      ),
  };
  const secured = credentials._isSecure();
  /** Without TLS a door is open to all who reach it. */
  const door = (behind: ServerCredentials, source: CallerSource) =>
    experimental.createServerCredentialsWithInterceptors(behind, [
      unfinished.interceptor,
      ...(secured ? [guard(source, rules)] : []),
    ]);
  const port = await bind(listen, door(credentials, { byConnection: callerOf }));
  let web: WebServer | undefined;
  if (options.web) {
    const { path: socket } = opening.use(privateSocket());
    await bind(`unix:${socket}`, door(ServerCredentials.createInsecure(), { byMetadata: callerInMetadata }));
    const behind = { socket, services: [...names, 'grpc.health.v1.Health'], maxMessageBytes };
    // Most servers have no page: its libraries are loaded by those that do.
    const { serveWeb } = await import('./web/serve-web.ts');
    web = opening.use(await serveWeb({ ...options, ...options.web }, behind));
  }
  tellOpenDoors(options, secured, names);
  const opened = opening.move();

  let drained: Promise<void> | undefined;
  const drain = () =>
    (drained ??= (async () => {
      health.setServing(false);
      draining.abort(new Unavailable('server is draining', { reason: 'DRAINING', retryAfterMs: 1_000 }));
      const settled = new AbortController();
      const idle = calls.idle().then(() => settled.abort());
      await Promise.race([idle, sleep(drainGraceMs, { clock, signal: settled.signal }).catch(() => {})]);
      if (calls.count() > 0) logger.warn({ calls: calls.count() }, 'calls cut off after the drain grace');
    })());

  return {
    address: listen.startsWith('unix:') ? listen : `${listen.slice(0, listen.lastIndexOf(':'))}:${port}`,
    webAddress: web?.address,
    get certificates() {
      return teller.certificates;
    },
    draining: draining.signal,
    setServing(serving) {
      if (!draining.signal.aborted) health.setServing(serving);
    },
    drain,
    async [Symbol.asyncDispose]() {
      await drain();
      health.endWatches();
      // Whatever is still open by now (calls past the grace, peers that do not close) is cut off.
      if (calls.count() === 0) {
        const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
        const settled = new AbortController();
        void closed.then(() => settled.abort());
        await sleep(500, { signal: settled.signal }).catch(() => {});
      }
      await opened.disposeAsync();
    },
  };
}

const serviceName = (definition: ServiceDefinition): string =>
  Object.values(definition)[0]?.path.split('/')[1] ?? '';

/** Says what is open to whom at a server that is less than closed, or of no use to anybody. */
function tellOpenDoors(
  { listen, tls, web, logger }: ServeOptions,
  secured: boolean,
  services: readonly string[],
): void {
  const open = [listen, ...(web ? [web.listen] : [])].filter((address) => !isLoopback(address));
  if (!secured && open.length > 0)
    logger.warn(
      { listen: open, services },
      `plain text: everybody who reaches ${open.join(' or ')} may call all of ${services.join(', ')}, may steer, and reads along`,
    );
  if (secured && tls?.ca === undefined)
    logger.warn(
      { listen },
      'without authorities (tlsCa) nobody can say who calls: all but health is refused to everybody',
    );
}

/**
 * Tracks the calls in progress, gives each its scope, and refuses new ones while draining, and those of a certificate that
 * has `perCaller` already. Without certificates a connection's are bounded by HTTP/2.
 */
function trackCalls(scope: CallScope, perCaller: number) {
  const open = new Set<ServerCall>();
  const byCaller = new Map<string, number>();
  let onIdle: (() => void) | undefined;
  const tracked = (handle: (call: ServerCall, callback?: unknown) => void) => {
    return (call: ServerCall, callback?: unknown) => {
      if (scope.draining.aborted) return refuse(call, callback, scope.draining.reason as Unavailable);
      const { id, role } = callCallerOf(call);
      const own = role ? (byCaller.get(id) ?? 0) : 0;
      if (own >= perCaller) {
        const refusal = tooManyCalls(id, perCaller);
        scope.onRefused(refusal, call);
        return refuse(call, callback, refusal);
      }
      if (role) byCaller.set(id, own + 1);
      open.add(call);
      // grpc-js emits this once the status has been sent, or the call was cut off.
      (call as EventEmitter).once('cancelled', () => {
        open.delete(call);
        const left = (byCaller.get(id) ?? 0) - 1;
        if (left > 0) byCaller.set(id, left);
        else byCaller.delete(id);
        if (open.size === 0) onIdle?.();
      });
      enterScope(call, scope);
      handle(call, callback);
    };
  };
  return {
    count: () => open.size,
    idle: () => new Promise<void>((resolve) => (open.size === 0 ? resolve() : (onIdle = resolve))),
    track: (implementation: UntypedServiceImplementation) =>
      Object.fromEntries(
        Object.entries(implementation).map(([name, handle]) => [
          name,
          tracked(handle as unknown as Parameters<typeof tracked>[0]),
        ]),
      ) as unknown as UntypedServiceImplementation,
  };
}

const tooManyCalls = (caller: string, most: number) =>
  new QuotaExceeded(
    'calls',
    `${caller} has ${most} calls in progress, the most that one caller may have: end some`,
    {
      info: { caller },
      retryAfterMs: 1_000,
    },
  );
