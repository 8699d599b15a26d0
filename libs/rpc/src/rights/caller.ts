import { type Http2Session, type ServerHttp2Stream } from 'node:http2';
import { TLSSocket } from 'node:tls';
import type { Caller } from './decide.ts';
import { urisOf } from './alternative-names.ts';
import { identityOf, NoIdentity } from './identity.ts';

/** Who is at the other end of a connection, by the certificate that the handshake has verified. */
export function callerBehind(socket: unknown): Caller {
  if (!(socket instanceof TLSSocket)) return { unknown: 'its connection is not secured' };
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return { unknown: 'it shows no certificate' };
  if (!socket.authorized) return { unknown: 'its certificate is not of an authority that is trusted here' };
  try {
    const identity = identityIn(certificate.subjectAltName);
    const own = ownTrustDomain(socket);
    if (own !== undefined && own !== identity.trustDomain)
      return { unknown: `it is of the trust domain ${identity.trustDomain}, not of ${own}` };
    return { identity };
  } catch (error) {
    if (error instanceof NoIdentity) return { unknown: error.message };
    throw error;
  }
}

/** Who makes a call; computed once a connection. `call`: what grpc-js hands to an interceptor. */
export function callerOf(call: object): Caller {
  // grpc-js (1.14.7) has no public way from a call to its connection; rights.spec.ts fails should a new version hide it.
  const session = (call as { stream?: ServerHttp2Stream }).stream?.session;
  if (!session) return { unknown: 'its connection is gone' };
  let caller = callers.get(session);
  if (!caller) callers.set(session, (caller = callerBehind(session.socket)));
  return caller;
}

const callers = new WeakMap<Http2Session, Caller>();

function identityIn(subjectAltName: string | undefined) {
  const uris = urisOf(subjectAltName ?? '');
  if (!uris) throw new NoIdentity('the names of its certificate cannot be read');
  return identityOf(uris);
}

/** Of the certificate that this side shows; undefined when that says nothing of Weir. */
function ownTrustDomain(socket: TLSSocket): string | undefined {
  const own = socket.getX509Certificate();
  try {
    return own && identityIn(own.subjectAltName).trustDomain;
  } catch {
    return undefined;
  }
}
