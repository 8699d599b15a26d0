import type { Server } from '@grpc/grpc-js';
import type { Http2Server, ServerHttp2Session, ServerOptions } from 'node:http2';
import { connectionWindowBytes, handshakeTimeoutMs, streamWindowBytes } from './limits.ts';

/**
 * Widens a server's HTTP/2 flow-control windows, which grpc-js (1.14.7) leaves at 64 KB: there the option
 * `grpc-node.flow_control_window` counts on the client only, and a 150 KB upload over a 20 ms link waits for two more
 * round trips. grpc-js has no public way to its HTTP/2 server, so this file, and no other, reaches for two private
 * fields; `test/flow-control.spec.ts` fails should an upgrade rename or bypass them.
 *
 * Call `beforeBind` on a new server and `afterBind` in the same turn in which binding completes, before a connection
 * can have been accepted.
 */
export const widenWindows = {
  /** The window of every stream goes out with the first SETTINGS frame, so the client knows it before it sends. */
  beforeBind(server: Server): void {
    const { commonServerOptions } = internals(server);
    // Node waits two minutes for a handshake.
    Object.assign(commonServerOptions, { handshakeTimeout: handshakeTimeoutMs });
    commonServerOptions.settings = {
      ...commonServerOptions.settings,
      initialWindowSize: streamWindowBytes,
      maxFrameSize: 1048576,
    };
  },

  /**
   * The connection's own window is no setting; each session widens it as it opens. Again after each further address, which
   * `onServer` hears of.
   */
  afterBind(server: Server, onServer: (http2Server: Http2Server) => void): void {
    for (const http2Server of internals(server).http2Servers.keys()) {
      if (widened.has(http2Server)) continue;
      widened.add(http2Server);
      onServer(http2Server);
      http2Server.on('session', (session: ServerHttp2Session) =>
        session.setLocalWindowSize(connectionWindowBytes),
      );
    }
  },
};

const widened = new WeakSet<Http2Server>();

interface Internals {
  readonly commonServerOptions: ServerOptions;
  readonly http2Servers: ReadonlyMap<Http2Server, unknown>;
}

function internals(server: Server): Internals {
  const { commonServerOptions, http2Servers } = server as unknown as Partial<Internals>;
  if (!commonServerOptions || !(http2Servers instanceof Map))
    throw new Error('This version of @grpc/grpc-js keeps its HTTP/2 server elsewhere; see flow-control.ts');
  return { commonServerOptions, http2Servers };
}
