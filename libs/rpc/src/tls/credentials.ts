import { ChannelCredentials, ServerCredentials, type VerifyOptions } from '@grpc/grpc-js';
import { constants, type X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { type ConnectionOptions, createSecureContext, TLSSocket } from 'node:tls';
import { contextOptions, type TlsContents } from './files.ts';
import type { MaterialLease } from './material.ts';
import { checksOf, type NodeIdentity } from './node-identity.ts';
import { TlsRefusal } from './peer-fault.ts';
import { SlowRetry } from './slow-retry.ts';
import { trustIn } from './trust.ts';

/**
 * No resumption: a resumed session is not verified again, so that a revoked peer could go on by an old ticket. Connections
 * last, and a handshake costs a millisecond.
 */
const noResumption = { secureOptions: constants.SSL_OP_NO_TICKET };

/** What a server shows and asks for, as its files are when a connection begins. */
export const serverContext = (contents: TlsContents) => ({ ...contextOptions(contents), ...noResumption });

/** gRPC's own, whose context follows the files: the server takes the newest for each new connection. */
export class FollowingServerCredentials extends ServerCredentials {
  constructor(lease: MaterialLease) {
    const mutual = lease.current.ca !== undefined;
    super({ requestCert: mutual, rejectUnauthorized: mutual }, serverContext(lease.current));
    lease.onChange((contents) => this.updateSecureContextOptions(serverContext(contents)));
  }

  _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

type Connector = ReturnType<ChannelCredentials['_createSecureConnector']>;

/**
 * gRPC's (1.14.7) names an address to the server as if it were a name, which RFC 6066 forbids and Node warns of. The certificate
 * is checked against the host without it.
 */
function withoutAddressAsName(connector: Connector): Connector {
  const { connectionOptions } = connector as { connectionOptions?: ConnectionOptions };
  if (connectionOptions && isIP(connectionOptions.servername ?? '')) delete connectionOptions.servername;
  return connector;
}

/** gRPC's own, whose context follows the files: each new connection takes the newest. Ends those to servers no longer trusted. */
export class FollowingChannelCredentials extends ChannelCredentials {
  readonly #lease: MaterialLease;
  /** Open connections with their servers' certificates; Node (24.21) gives a client that certificate only once. */
  readonly #peers = new Map<TLSSocket, X509Certificate>();
  readonly #retry = new SlowRetry();
  readonly #verify: VerifyOptions;
  #newest: { readonly of: TlsContents; readonly credentials: ChannelCredentials } | undefined;

  /** `checkPeer`: false takes whatever certificate the server shows. */
  constructor(
    lease: MaterialLease,
    { checkPeer, node }: { readonly checkPeer: boolean; readonly node?: NodeIdentity | undefined },
  ) {
    super();
    this.#lease = lease;
    this.#verify = checkPeer ? (node ? checksOf(node) : {}) : { rejectUnauthorized: false };
    lease.onChange((contents) => {
      this.#retry.release();
      void this.#endDistrusted(contents);
    });
    // Whoever asks has perhaps mended what the peer refused, or the peer.
    lease.onReload(() => this.#retry.release());
  }

  async #endDistrusted(contents: TlsContents): Promise<void> {
    const distrusted = await trustIn(contents);
    for (const [socket, peer] of this.#peers) {
      const why = distrusted(peer);
      if (why) socket.destroy(new TlsRefusal(why));
    }
  }

  _isSecure(): boolean {
    return true;
  }

  _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  _createSecureConnector(...args: Parameters<ChannelCredentials['_createSecureConnector']>): Connector {
    const connector = () => withoutAddressAsName(this.#current()._createSecureConnector(...args));
    const first = connector();
    return {
      connect: async (socket) => {
        const failed = this.#retry.attempt();
        try {
          const connected = await connector().connect(socket);
          this.#keep(connected.socket);
          return connected;
        } catch (error) {
          failed(error);
          throw TlsRefusal.of(error);
        }
      },
      waitForReady: () => this.#retry.turn(),
      getCallCredentials: () => first.getCallCredentials(),
      destroy: () => first.destroy(),
    };
  }

  #keep(socket: unknown): void {
    if (!(socket instanceof TLSSocket)) return;
    const peer = socket.getPeerX509Certificate();
    if (peer) this.#peers.set(socket, peer);
    this.#retry.connected(socket);
    socket.once('close', () => this.#peers.delete(socket));
  }

  #current(): ChannelCredentials {
    const { current } = this.#lease;
    if (this.#newest?.of !== current) {
      const credentials = ChannelCredentials.createFromSecureContext(
        createSecureContext(contextOptions(current)),
        this.#verify,
      );
      this.#newest = { of: current, credentials };
    }
    return this.#newest.credentials;
  }
}
