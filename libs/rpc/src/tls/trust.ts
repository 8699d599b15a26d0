import { X509Certificate } from 'node:crypto';
import type { TlsContents } from './files.ts';
import { plainSerial } from './plain-serial.ts';

/** Why a peer that was let in would not be let in now; undefined when it would. */
export type Distrust = 'revoked' | 'authority';

/** Judges peers that are connected already by files that have changed; new ones are judged by OpenSSL. */
export async function trustIn({
  ca,
  crl = [],
}: TlsContents): Promise<(peer: X509Certificate) => Distrust | undefined> {
  const authorities = ca === undefined ? undefined : certificatesOf(ca);
  // Its parser costs 15 MB, and most processes never need it.
  const revoked = crl.length > 0 ? (await import('./revoked-serials.ts')).revokedSerials(crl) : new Set();
  return (peer) => {
    const chain = [...chainOf(peer)];
    // Numbers of another authority may coincide: then a connection ends in vain, and is opened again.
    if (chain.some(({ serialNumber }) => revoked.has(plainSerial(serialNumber)))) return 'revoked';
    if (authorities && !chain.some((one) => authorities.some((authority) => isFrom(one, authority))))
      return 'authority';
    return undefined;
  };
}

const isFrom = (certificate: X509Certificate, authority: X509Certificate): boolean =>
  certificate.fingerprint256 === authority.fingerprint256 ||
  (certificate.checkIssued(authority) && certificate.verify(authority.publicKey));

/** The peer's certificate and those of its issuers that came with it. */
function* chainOf(peer: X509Certificate): Generator<X509Certificate> {
  const seen = new Set<string>();
  for (let one: X509Certificate | undefined = peer; one; one = one.issuerCertificate) {
    if (seen.has(one.fingerprint256)) return;
    seen.add(one.fingerprint256);
    yield one;
  }
}

const certificatesOf = (pem: string): X509Certificate[] =>
  (pem.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? []).map(
    (one) => new X509Certificate(one),
  );
