import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { connectNodeAdapter, createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { Unavailable, splitHostPort, systemClock } from '@weir/base';
import { contracts } from '@weir/proto';
import { boundConnections } from '../bounded-connections.ts';
import { silentConnectionMs } from '../limits.ts';
import { serverContext } from '../tls/credentials.ts';
import type { MaterialLease } from '../tls/material.ts';
import { distrustGraceMs } from '../tls/server-sessions.ts';
import { type Security, serverMaterial } from '../transport-security.ts';
import { fromOrigins } from './cross-origin.ts';
import { forward } from './forward.ts';

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
  });
  const lease = serverMaterial('webListen', listen, { tls, allowPlaintext });
  const onRequest = fromOrigins(origins, (request, response) => void handle(request, response));
  const server = lease ? createSecureServer(lease, onRequest) : createHttpServer(onRequest);
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
    lease?.[Symbol.dispose]();
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
      lease?.[Symbol.dispose]();
    },
  };
}

/** Follows the files. Connections are short here: all end, within the grace, when what is trusted changes. */
function createSecureServer(lease: MaterialLease, onRequest: RequestListener): HttpsServer {
  const mutual = lease.current.ca !== undefined;
  const server = createHttpsServer(
    { ...serverContext(lease.current), requestCert: mutual, rejectUnauthorized: mutual },
    onRequest,
  );
  lease.onChange((contents, before) => {
    server.setSecureContext(serverContext(contents));
    if (contents.ca === before.ca && isDeepStrictEqual(contents.crl, before.crl)) return;
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), distrustGraceMs).unref();
  });
  return server;
}
