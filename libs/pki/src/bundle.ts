import { InvalidInput } from '@weir/base';
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { privateFolder, readText, replaceFile } from './files.ts';

/** What one program takes, PEM. */
export interface Bundle {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly crl: string;
}

export const bundleFiles = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem', crl: 'crl.pem' } as const;

/** Writes a bundle, the key for its owner alone. A program that reads in between finds a pair that does not match, and waits. */
export function writeBundle(folder: string, { ca, cert, key, crl }: Bundle): void {
  privateFolder(folder);
  replaceFile(join(folder, bundleFiles.ca), ca, 0o644);
  replaceFile(join(folder, bundleFiles.crl), crl, 0o644);
  replaceFile(join(folder, bundleFiles.key), key, 0o600);
  replaceFile(join(folder, bundleFiles.cert), cert, 0o644);
}

/** The certificate of a bundle. Throws NotFound, or InvalidInput when it is none. */
export function readCertificate(folder: string): X509Certificate {
  const path = join(folder, bundleFiles.cert);
  const pem = readText(path, 'weir pki issue or weir pki join make one');
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new InvalidInput([{ field: path, description: `no certificate: ${(cause as Error).message}` }], {
      cause,
    });
  }
}

/** Share of a certificate's life that is left, 0..1. `now`: epoch ms. */
export function lifeLeft({ validFromDate, validToDate }: X509Certificate, now: number): number {
  const life = validToDate.getTime() - validFromDate.getTime();
  return Math.min(1, Math.max(0, (validToDate.getTime() - now) / life));
}

/** A certificate is renewed once no more than this share of its life is left. */
export const renewAtShare = 1 / 3;
