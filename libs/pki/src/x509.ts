// The library finds its algorithms by decorators, which need this first.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { randomBytes, webcrypto } from 'node:crypto';

export { x509 };

/** ECDSA on P-256 with SHA-256: every TLS library speaks it, keys and signatures are small. */
export const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Both ends of a connection present certificates, so that each serves either end. */
export const bothEnds = () =>
  new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]);

export const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

export async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

export const readPrivateKey = (pem: string): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(pem), algorithm, true, ['sign']);

/** 127 random bits, positive, as hexadecimal text. */
export function newSerial(): string {
  const bytes = randomBytes(16);
  // The first bit is the sign, the second keeps the length.
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString('hex');
}

/** PEM with the line end that text files have. */
export const pemOf = (data: { toString(format: 'pem'): string }): string => `${data.toString('pem')}\n`;
