import { ChannelCredentials, ServerCredentials } from '@grpc/grpc-js';
import { InvalidInput, splitHostPort } from '@weir/base';
import { readFileSync } from 'node:fs';
import { createSecureContext, type TlsOptions } from 'node:tls';

/** PEM files. */
export interface TlsFiles {
  /** Own certificate, with its chain. A server needs it; a client needs it for mutual TLS. */
  readonly cert?: string | undefined;
  /** Private key of `cert`. */
  readonly key?: string | undefined;
  /** Authorities that the peer's certificate must come from. On a server: requires client certificates (mutual TLS). */
  readonly ca?: string | undefined;
}

export interface Security {
  readonly tls?: TlsFiles | undefined;
  /** Allows plain text to and from other machines; loopback is always allowed. @default false */
  readonly allowPlaintext?: boolean | undefined;
}

/** Throws InvalidInput when a file is missing or unreadable, or when plain text would leave this machine. */
export function serverCredentials(listen: string, { tls, allowPlaintext }: Security): ServerCredentials {
  if (!isTlsWanted(tls)) {
    refusePlaintext('listen', listen, allowPlaintext);
    return ServerCredentials.createInsecure();
  }
  const { cert, key, ca } = readFiles(tls, { needsCertificate: true });
  return ServerCredentials.createSsl(ca, [{ cert_chain: cert!, private_key: key! }], ca !== null);
}

/** The same for a server of Node's; undefined for plain text. */
export function nodeTlsOptions(listen: string, { tls, allowPlaintext }: Security): TlsOptions | undefined {
  if (!isTlsWanted(tls)) {
    refusePlaintext('webListen', listen, allowPlaintext);
    return undefined;
  }
  const { cert, key, ca } = readFiles(tls, { needsCertificate: true });
  return { cert: cert!, key: key!, ...(ca && { ca, requestCert: true, rejectUnauthorized: true }) };
}

/** Like `serverCredentials`; without `ca` the server's certificate is checked against the system's authorities. */
export function channelCredentials(address: string, { tls, allowPlaintext }: Security): ChannelCredentials {
  if (!isTlsWanted(tls)) {
    refusePlaintext('address', address, allowPlaintext);
    return ChannelCredentials.createInsecure();
  }
  const { cert, key, ca } = readFiles(tls, { needsCertificate: false });
  return ChannelCredentials.createSsl(ca, key, cert);
}

/** `HOST:PORT` or a `unix:` path that never leaves this machine. */
export function isLoopback(address: string): boolean {
  if (address.startsWith('unix:')) return true;
  const { host } = splitHostPort(address);
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

const isTlsWanted = (tls: TlsFiles | undefined): tls is TlsFiles =>
  tls?.cert !== undefined || tls?.key !== undefined || tls?.ca !== undefined;

function refusePlaintext(field: string, address: string, allowPlaintext = false): void {
  if (allowPlaintext || isLoopback(address)) return;
  const description = `${address} is not on loopback: give TLS files (tlsCert, tlsKey, tlsCa) or ask for plain text (allowPlaintext)`;
  throw new InvalidInput([{ field, description }], { reason: 'PLAINTEXT_REFUSED' });
}

function readFiles(tls: TlsFiles, { needsCertificate }: { needsCertificate: boolean }) {
  const violations: { field: string; description: string }[] = [];
  const read = (field: string, path: string | undefined) => {
    if (path === undefined) return null;
    try {
      return readFileSync(path);
    } catch (error) {
      violations.push({ field, description: `cannot read ${path}: ${(error as Error).message}` });
      return null;
    }
  };
  const files = { cert: read('tlsCert', tls.cert), key: read('tlsKey', tls.key), ca: read('tlsCa', tls.ca) };
  for (const [field, own, other] of [
    ['tlsCert', tls.cert, tls.key],
    ['tlsKey', tls.key, tls.cert],
  ] as const) {
    if (own === undefined && (needsCertificate || other !== undefined))
      violations.push({ field, description: 'missing: a certificate and its key go together' });
  }
  if (violations.length === 0) {
    const { cert, key, ca } = files;
    try {
      createSecureContext({ ...(cert && key ? { cert, key } : {}), ...(ca ? { ca } : {}) });
    } catch (error) {
      violations.push({ field: cert ? 'tlsCert' : 'tlsCa', description: (error as Error).message });
    }
  }
  if (violations.length > 0) throw new InvalidInput(violations, { reason: 'TLS_FILES' });
  return files;
}
