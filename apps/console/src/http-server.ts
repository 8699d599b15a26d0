import { splitHostPort, systemClock, Unavailable, WeirError, type Logger, type StatusName } from '@weir/base';
import { once } from 'node:events';
import { type IncomingMessage, type RequestListener, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { boundConnections, createFollowingServer, type TlsFiles } from '@weir/rpc';
import type { Asset } from './assets.ts';
import type { EventStream } from './event-stream.ts';
import { type Login, loginPage } from './login.ts';
import { type Refusal, allowedHosts, refuseControl, refuseStranger, securityHeaders } from './guard.ts';

export interface HttpOptions {
  /** `HOST:PORT`; port 0 takes any free one. */
  readonly listen: string;
  readonly hosts: readonly string[];
  readonly assets: ReadonlyMap<string, Asset>;
  readonly events: EventStream;
  /** Names of the cells that whoever asks may choose from. */
  readonly cells: (request: IncomingMessage) => readonly string[];
  /** What a request is about; undefined: of no cell that there is for who asks. */
  readonly about: (request: IncomingMessage) => Topic | undefined;
  readonly logger: Logger;
  /** Who may see the page. @default everybody who reaches it */
  readonly login?: Login | undefined;
  /** Serves HTTPS by these files; with `ca` to holders of certificates alone. @default plain HTTP */
  readonly tls?: TlsFiles | undefined;
}

/** One cell, as pages see and change it. */
export interface Topic {
  readonly name: string;
  /** Events that a page gets first. */
  readonly firstEvents: () => readonly string[];
  readonly snapshot: () => unknown;
  /** Rejects with a WeirError that may be shown on the page. */
  readonly control: (body: unknown) => Promise<void>;
}

export interface HttpServer extends AsyncDisposable {
  /** `HOST:PORT` as bound. */
  readonly address: string;
}

/** A change is a few short fields. */
const maxBodyBytes = 4_096;

/** `GET /`, its assets, `/cells`, `/events` and `/snapshot`; `POST /control`; the last three take `?cell=`. Throws Unavailable when the address is taken. */
export async function serveHttp(options: HttpOptions): Promise<HttpServer> {
  const { listen, hosts, logger, login, tls } = options;
  const onRequest: RequestListener = (request, response) => {
    answer(request, response).catch((err: unknown) => {
      logger.error({ err, path: request.url }, 'cannot answer');
      if (!response.headersSent) refuse(response, { status: 500, message: 'internal error' });
      else response.destroy();
    });
  };
  const timeouts = { requestTimeout: 10_000, headersTimeout: 5_000 };
  const server = tls ? createFollowingServer(tls, onRequest, timeouts) : createServer(timeouts, onRequest);
  using opening = new DisposableStack();
  const bounds = { clock: systemClock, most: 128, silentMs: 5_000 };
  const connections = opening.use(boundConnections(server, bounds));
  server.on('request', ({ socket }) => connections.asked(socket));
  server.listen(splitHostPort(listen));
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new Unavailable(`cannot listen on ${listen}: ${(cause as Error).message}`, { cause });
  }
  const address = listen.replace(/\d+$/, String((server.address() as AddressInfo).port));
  const allowed = allowedHosts(address, hosts);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    const stranger = refuseStranger(request.headers, allowed);
    if (stranger) return refuse(response, stranger);
    const path = (request.url ?? '/').split('?', 1)[0]!;
    if (login && !login.allows(request, Date.now())) return admit(login, request, response, path);
    if (path === '/control') return change(request, response);
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return refuse(response, { status: 405, message: 'expected GET' }, { allow: 'GET, HEAD' });
    if (path === '/events' && request.method === 'GET') return listenTo(request, response);
    if (path === '/cells') return json(response, 200, options.cells(request));
    if (path === '/snapshot') {
      const topic = options.about(request);
      return topic ? json(response, 200, topic.snapshot()) : refuse(response, noCell);
    }
    const asset = options.assets.get(path);
    if (!asset) return refuse(response, { status: 404, message: 'not found' });
    give(request, response, asset);
  }

  /** Nothing but the form is for who has not logged in; the token comes in a body, never in an address. */
  async function admit(login: Login, request: IncomingMessage, response: ServerResponse, path: string) {
    const offered = path === '/login' && request.method === 'POST' ? await bodyOf(request) : undefined;
    const token = offered === undefined ? undefined : (new URLSearchParams(offered).get('token') ?? '');
    const cookie = token === undefined ? undefined : login.enter(token, Date.now());
    if (cookie !== undefined) {
      logger.info({ from: request.socket.remoteAddress }, 'logged in');
      return void response.writeHead(303, { location: '/', 'set-cookie': cookie }).end();
    }
    if (token !== undefined) logger.warn({ from: request.socket.remoteAddress }, 'login refused');
    response
      .writeHead(401, {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'content-security-policy':
          "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      })
      .end(request.method === 'HEAD' ? undefined : loginPage(token !== undefined));
  }

  function listenTo(request: IncomingMessage, response: ServerResponse): void {
    const topic = options.about(request);
    if (!topic) return refuse(response, noCell);
    if (options.events.full) return refuse(response, { status: 503, message: 'too many pages are open' });
    options.events.add(response, topic.name, topic.firstEvents());
  }

  async function change(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST')
      return refuse(response, { status: 405, message: 'expected POST' }, { allow: 'POST' });
    const refusal = refuseControl(request.headers);
    if (refusal) return refuse(response, refusal);
    const topic = options.about(request);
    if (!topic) return refuse(response, noCell);
    const text = await bodyOf(request);
    if (text === undefined)
      return refuse(response, { status: 413, message: 'too long' }, { connection: 'close' });
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      return refuse(response, { status: 400, message: 'expected JSON' });
    }
    try {
      await topic.control(body);
    } catch (error) {
      if (!(error instanceof WeirError)) throw error;
      return json(response, statusOf[error.status] ?? 502, { error: error.message });
    }
    json(response, 200, {});
  }

  const opened = opening.move();
  return {
    address,
    async [Symbol.asyncDispose]() {
      opened[Symbol.dispose]();
      const closed = once(server, 'close');
      server.close();
      options.events.end();
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), 500).unref();
      await closed;
    },
  };
}

const noCell: Refusal = { status: 404, message: 'no such cell' };

const statusOf: Partial<Record<StatusName, number>> = {
  PERMISSION_DENIED: 403,
  INVALID_ARGUMENT: 400,
  NOT_FOUND: 404,
  FAILED_PRECONDITION: 409,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

function give(request: IncomingMessage, response: ServerResponse, { type, body, etag }: Asset): void {
  const headers = { etag, 'cache-control': 'no-cache' };
  if (request.headers['if-none-match'] === etag) return void response.writeHead(304, headers).end();
  response.writeHead(200, { ...headers, 'content-type': type, 'content-length': body.length });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function json(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(body);
}

function refuse(
  response: ServerResponse,
  { status, message }: Refusal,
  headers: Record<string, string> = {},
): void {
  response
    .writeHead(status, {
      ...headers,
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
    })
    .end(`${message}\n`);
}

/** Undefined when it is longer than allowed. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
