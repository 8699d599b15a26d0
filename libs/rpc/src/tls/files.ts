import { type FieldViolation, InvalidInput } from '@weir/base';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';

/** PEM files. */
export interface TlsFiles {
  /** Own certificate, with its chain. A server needs it; a client needs it for mutual TLS. */
  readonly cert?: string | undefined;
  /** Private key of `cert`. */
  readonly key?: string | undefined;
  /** Authorities that the peer's certificate must come from. On a server: requires client certificates (mutual TLS). */
  readonly ca?: string | undefined;
  /** Revoked certificates: a list of each authority in the peer's chain. Needs `ca`. */
  readonly crl?: string | undefined;
}

/** What is in the files; `crl`: each list of its file. */
export interface TlsContents {
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly ca?: string | undefined;
  readonly crl?: readonly string[] | undefined;
}

const fieldOf = { cert: 'tlsCert', key: 'tlsKey', ca: 'tlsCa', crl: 'tlsCrl' } as const;

/** Throws InvalidInput with every fault: a file missing or unreadable, or a certificate and a key that do not match. */
export function readTlsFiles(files: TlsFiles, { needsCertificate = false } = {}): TlsContents {
  const violations: FieldViolation[] = [];
  const read = (what: keyof TlsFiles) => {
    const path = files[what];
    if (path === undefined) return undefined;
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      violations.push({
        field: fieldOf[what],
        description: `cannot read ${path}: ${(error as Error).message}`,
      });
      return undefined;
    }
  };
  const [cert, key, ca, crl] = [read('cert'), read('key'), read('ca'), read('crl')];
  for (const [own, other] of [
    ['cert', 'key'],
    ['key', 'cert'],
  ] as const) {
    if (files[own] === undefined && (needsCertificate || files[other] !== undefined))
      violations.push({ field: fieldOf[own], description: 'missing: a certificate and its key go together' });
  }
  if (files.crl !== undefined && files.ca === undefined)
    violations.push({ field: 'tlsCa', description: 'missing: what is revoked counts for its authority' });
  const contents = { cert, key, ca, crl: crl === undefined ? undefined : listsOf(crl) };
  if (violations.length === 0)
    try {
      createSecureContext(contextOptions(contents));
    } catch (error) {
      const field = cert ? 'tlsCert' : 'tlsCa';
      violations.push({ field, description: `no usable TLS files: ${(error as Error).message}` });
    }
  if (violations.length > 0) throw new InvalidInput(violations, { reason: 'TLS_FILES' });
  return contents;
}

/** For Node's TLS, of a server or a client. */
export const contextOptions = ({ cert, key, ca, crl }: TlsContents): SecureContextOptions => ({
  ...(cert !== undefined && { cert }),
  ...(key !== undefined && { key }),
  ...(ca !== undefined && { ca }),
  ...(crl !== undefined && { crl: [...crl] }),
});

/** Node reads one list of a text; a file may hold those of several authorities. */
const listsOf = (pem: string): readonly string[] =>
  pem.match(/-----BEGIN X509 CRL-----[^]*?-----END X509 CRL-----/g) ?? [pem];
