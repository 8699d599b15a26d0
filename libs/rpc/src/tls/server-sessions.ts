import type { Clock, Logger } from '@weir/base';
import type { X509Certificate } from 'node:crypto';
import type { Http2Server, ServerHttp2Session } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { TlsContents } from './files.ts';
import type { MaterialLease } from './material.ts';
import { peerFaultOf } from './peer-fault.ts';
import { trustIn } from './trust.ts';

/** How long calls on a connection whose client is no longer trusted may continue, ms. */
export const distrustGraceMs = 5_000;
/** Refused clients told of, by address and cause; further ones are told only as many. */
const mostTold = 100;

/**
 * When the files change, ends the connections of clients whose certificates are now revoked, or of an authority that is no
 * longer there: no new call at once (GOAWAY), cut off after the grace. The others go on.
 */
export function endDistrusted(
  http2Server: Http2Server,
  lease: MaterialLease,
  { clock, logger }: { clock: Clock; logger: Logger },
): void {
  // Kept from the beginning: Node takes the chain of it away when it is asked for.
  const sessions = new Map<ServerHttp2Session, X509Certificate>();
  http2Server.on('session', (session: ServerHttp2Session) => {
    const peer = session.encrypted ? (session.socket as TLSSocket).getPeerX509Certificate() : undefined;
    if (!peer) return;
    sessions.set(session, peer);
    session.once('close', () => sessions.delete(session));
  });
  const endNow = async (contents: TlsContents) => {
    const distrusted = await trustIn(contents);
    for (const [session, peer] of sessions) {
      const why = distrusted(peer);
      if (!why || session.destroyed) continue;
      const client = peer.subjectAltName ?? peer.subject;
      logger.warn(
        { client, from: session.socket.remoteAddress, why },
        'client no longer trusted: its connection ends',
      );
      session.close();
      const cancel = clock.after(distrustGraceMs, () => session.destroy());
      session.once('close', cancel);
    }
  };
  lease.onChange((contents) => void endNow(contents));
}

/** Tells of clients that TLS turns away: once for an address and a cause, until it has been quiet for a while. */
export function tellRefused(
  http2Server: Http2Server,
  { logger, onRefused }: { logger: Logger; onRefused?: (cause: string) => void },
): void {
  const told = new Set<string>();
  http2Server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
    // Node keeps a verification's verdict here, and gives no more than a reset as the error.
    const verdict = socket.authorizationError as Error | string | null | undefined;
    const words = verdict ? (verdict instanceof Error ? verdict.message : verdict) : error.message;
    const cause = peerFaultOf(new Error(words))?.cause ?? 'other';
    onRefused?.(cause);
    const from = socket.remoteAddress;
    const key = `${from} ${cause}`;
    if (told.has(key) || told.size >= mostTold)
      return logger.debug({ from, cause, why: words }, 'client refused');
    told.add(key);
    logger.warn({ from, cause, why: words.trim().slice(0, 300) }, 'client refused by TLS; told once');
  });
}
