import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { connectNodeAdapter, createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { Unavailable, splitHostPort, systemClock } from '@weir/base';
import { contracts } from '@weir/proto/contracts';
import { boundConnections } from '../bounded-connections.ts';
import { silentConnectionMs } from '../limits.ts';
import { type Security, serverFiles } from '../transport-security.ts';
import { callerValues } from './caller-header.ts';
import { fromOrigins } from './cross-origin.ts';
import { forward } from './forward.ts';
import { createFollowingServer } from './https-server.ts';

/** Where pages in browsers reach a server's services. */
export interface WebOptions {
  /** `HOST:PORT`; port 0 is any free one. */
  readonly listen: string;
  /** Origins of the pages that may ask, e.g. `https://example.com`; none by default. */
  readonly origins: readonly string[];
}

export interface WebServer extends AsyncDisposable {
  /** `HOST:PORT` as bound. */
  readonly address: string;
}

/** Connections at once; a further one takes the place of a silent one, or is closed. */
const maxConnections = 256;
/** How long answers may take to leave once the server closes, ms. */
const closeGraceMs = 500;

/**
 * Speaks Connect and gRPC-Web over HTTP/1.1, and asks the gRPC server behind the socket, which keeps its limits,
 * deadlines and refusals. Throws InvalidInput for a bad transport and Unavailable when the address is taken.
 */
export async function serveWeb(
  { listen, origins, tls, allowPlaintext }: WebOptions & Security,
  {
    socket,
    services,
    maxMessageBytes,
  }: { socket: string; services: readonly string[]; maxMessageBytes: number },
): Promise<WebServer> {
  const baseUrl = 'http://localhost';
  const session = new Http2SessionManager(baseUrl, undefined, { createConnection: () => connect(socket) });
  const transport = createGrpcTransport({ baseUrl, sessionManager: session, acceptCompression: [] });
  const handle = connectNodeAdapter({
    routes: (router) => forward(router, services, transport),
    readMaxBytes: maxMessageBytes,
    jsonOptions: { registry: contracts() },
    contextValues: ({ socket: from }) => callerValues(from),
  });
  const files = serverFiles('webListen', listen, { tls, allowPlaintext });
  const onRequest = fromOrigins(origins, (request, response) => handle(request, response));
  const server = files ? createFollowingServer(files, onRequest) : createHttpServer(onRequest);
  const bounds = { clock: systemClock, most: maxConnections, silentMs: silentConnectionMs };
  const connections = boundConnections(server, bounds);
  server.on('request', ({ socket }) => connections.asked(socket));
  const { host, port } = splitHostPort(listen);
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    connections[Symbol.dispose]();
    session.abort();
    server.close();
    throw new Unavailable(`cannot listen on ${listen}`, { cause });
  }
  const bound = (server.address() as AddressInfo).port;
  return {
    address: `${listen.slice(0, listen.lastIndexOf(':'))}:${bound}`,
    async [Symbol.asyncDispose]() {
      connections[Symbol.dispose]();
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      const late = setTimeout(() => server.closeAllConnections(), closeGraceMs);
      await closed;
      clearTimeout(late);
      session.abort();
    },
  };
}
