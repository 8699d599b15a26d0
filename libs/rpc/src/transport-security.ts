import { ChannelCredentials, ServerCredentials } from '@grpc/grpc-js';
import { InvalidInput, splitHostPort } from '@weir/base';
import { FollowingChannelCredentials, FollowingServerCredentials } from './tls/credentials.ts';
import type { TlsFiles } from './tls/files.ts';
import { leaseMaterial, type MaterialLease } from './tls/material.ts';
import type { NodeIdentity } from './tls/node-identity.ts';

export type { NodeIdentity, TlsFiles };

export interface Security {
  readonly tls?: TlsFiles | undefined;
  /** Allows plain text to and from other machines; loopback is always allowed. @default false */
  readonly allowPlaintext?: boolean | undefined;
  /**
   * Of a client: false takes whatever certificate the server shows, for asking a process on this machine how it is.
   * @default true
   */
  readonly checkPeer?: boolean | undefined;
  /** Of a client: the node that the server's certificate must be of, besides holding its address. @default any server */
  readonly node?: NodeIdentity | undefined;
}

/** Credentials of one end, and the files that they follow; undefined for plain text. Whoever closes the end disposes the lease. */
interface Secured<Credentials> {
  readonly credentials: Credentials;
  readonly lease: MaterialLease | undefined;
}

/** Throws InvalidInput when a file is missing or unreadable, or when plain text would leave this machine. */
export function serverCredentials(listen: string, security: Security): Secured<ServerCredentials> {
  const files = serverFiles('listen', listen, security);
  if (!files) return { credentials: ServerCredentials.createInsecure(), lease: undefined };
  const lease = leaseMaterial(files, { needsCertificate: true });
  return { credentials: new FollowingServerCredentials(lease), lease };
}

/** The files of a server; undefined for plain text. `field`: whose address it is. Throws InvalidInput when plain text would leave this machine. */
export function serverFiles(
  field: string,
  listen: string,
  { tls, allowPlaintext }: Security,
): TlsFiles | undefined {
  if (isTlsWanted(tls)) return tls;
  refusePlaintext(field, listen, allowPlaintext);
  return undefined;
}

/** Like `serverCredentials`; without `ca` the server's certificate is checked against the system's authorities. */
export function channelCredentials(
  address: string,
  { tls, allowPlaintext, checkPeer = true, node }: Security,
): Secured<ChannelCredentials> {
  if (!isTlsWanted(tls)) {
    refusePlaintext('address', address, allowPlaintext);
    return { credentials: ChannelCredentials.createInsecure(), lease: undefined };
  }
  const lease = leaseMaterial(tls);
  return { credentials: new FollowingChannelCredentials(lease, { checkPeer, node }), lease };
}

/** `HOST:PORT` or a `unix:` path that never leaves this machine. */
export function isLoopback(address: string): boolean {
  if (address.startsWith('unix:')) return true;
  const { host } = splitHostPort(address);
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

const isTlsWanted = (tls: TlsFiles | undefined): tls is TlsFiles =>
  [tls?.cert, tls?.key, tls?.ca, tls?.crl].some((file) => file !== undefined);

function refusePlaintext(field: string, address: string, allowPlaintext = false): void {
  if (allowPlaintext || isLoopback(address)) return;
  const description = `${address} is not on loopback: give --tls-cert, --tls-key and --tls-ca, or ask for plain text with --allow-plaintext`;
  throw new InvalidInput([{ field, description }], { reason: 'PLAINTEXT_REFUSED' });
}
