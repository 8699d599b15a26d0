import type { RequestListener } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import { isDeepStrictEqual } from 'node:util';
import { serverContext } from '../tls/credentials.ts';
import { leaseMaterial } from '../tls/material.ts';
import { distrustGraceMs } from '../tls/server-sessions.ts';
import type { TlsFiles } from '../tls/files.ts';

/**
 * An HTTPS server that follows its files until it closes; with `ca` it lets clients with a certificate in alone. Connections
 * are short: all end, within the grace, when what is trusted changes. Throws InvalidInput for unusable files.
 */
export function createFollowingServer(
  files: TlsFiles,
  onRequest: RequestListener,
  options: ServerOptions = {},
): Server {
  const lease = leaseMaterial(files, { needsCertificate: true });
  const mutual = files.ca !== undefined;
  const server = createServer(
    { ...options, ...serverContext(lease.current), requestCert: mutual, rejectUnauthorized: mutual },
    onRequest,
  );
  lease.onChange((contents, before) => {
    server.setSecureContext(serverContext(contents));
    if (contents.ca === before.ca && isDeepStrictEqual(contents.crl, before.crl)) return;
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), distrustGraceMs).unref();
  });
  server.once('close', () => lease[Symbol.dispose]());
  return server;
}
