import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsFiles } from './transport-security.ts';

/** A certificate authority for one test; disposing removes its files. Needs nothing but Node. */
export interface Authority extends Disposable {
  /** PEM file of the authority's own certificate. */
  readonly ca: string;
  /** A certificate and its key for `name` on 127.0.0.1, localhost and these addresses (IPv4), with these URIs beside them. */
  issue(
    name: string,
    uris?: readonly string[],
    addresses?: readonly string[],
  ): Required<Pick<TlsFiles, 'cert' | 'key'>>;
}

export function createAuthority(name = 'Throw-away authority'): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'weir-tls-'));
  const file = (fileName: string, text: string | Buffer) => {
    const path = join(folder, fileName);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  let issued = 0;
  const own = newKeys();
  const issuer = { name, key: own.privateKey };
  const ca = file(
    'ca.pem',
    certificate({ subject: name, publicKey: own.publicKey, issuer, extensions: [isAuthority] }),
  );
  return {
    ca,
    issue(subject, uris = [], addresses = []) {
      const { publicKey, privateKey } = newKeys();
      const extensions = [namesOf(uris, ['127.0.0.1', ...addresses])];
      // Files that change are taken for a renewed certificate.
      const fileName = `${subject}-${issued++}`;
      return {
        cert: file(`${fileName}.pem`, certificate({ subject, publicKey, issuer, extensions })),
        key: file(`${fileName}.key`, privateKey.export({ type: 'pkcs8', format: 'pem' })),
      };
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** An X.509 version 3 certificate in PEM, valid for a day. Source: RFC 5280, section 4.1. */
function certificate(options: {
  subject: string;
  publicKey: KeyObject;
  issuer: { name: string; key: KeyObject };
  extensions: readonly Buffer[];
}): string {
  const day = 86_400_000;
  const body = sequence(
    tagged(0xa0, integer(2)),
    integer(Math.floor(Math.random() * 2 ** 31)),
    ecdsaWithSha256,
    distinguishedName(options.issuer.name),
    sequence(utcTime(Date.now() - day), utcTime(Date.now() + day)),
    distinguishedName(options.subject),
    options.publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...options.extensions)),
  );
  const der = sequence(body, ecdsaWithSha256, bitString(sign('sha256', body, options.issuer.key)));
  const lines = der
    .toString('base64')
    .match(/.{1,64}/g)!
    .join('\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

// Just enough DER (ITU-T X.690) for the above.
function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}
const sequence = (...parts: readonly Buffer[]) => tagged(0x30, ...parts);
const integer = (value: number) => {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(value, 1);
  const first = bytes.findIndex((byte, at) => byte !== 0 || at === 4);
  return tagged(0x02, bytes.subarray(bytes[first]! & 0x80 ? first - 1 : first));
};
const oid = (hex: string) => tagged(0x06, Buffer.from(hex, 'hex'));
const bitString = (bytes: Buffer) => tagged(0x03, Buffer.from([0]), bytes);
const octets = (content: Buffer) => tagged(0x04, content);
const utcTime = (at: number) =>
  tagged(0x17, Buffer.from(`${new Date(at).toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`));
const distinguishedName = (commonName: string) =>
  sequence(tagged(0x31, sequence(oid('550403'), tagged(0x0c, Buffer.from(commonName)))));
const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
const isAuthority = sequence(
  oid('551d13'),
  tagged(0x01, Buffer.from([0xff])),
  octets(sequence(tagged(0x01, Buffer.from([0xff])))),
);
const namesOf = (uris: readonly string[], addresses: readonly string[]) =>
  sequence(
    oid('551d11'),
    octets(
      sequence(
        ...uris.map((uri) => tagged(0x86, Buffer.from(uri))),
        tagged(0x82, Buffer.from('localhost')),
        ...addresses.map((address) => tagged(0x87, Buffer.from(address.split('.').map(Number)))),
      ),
    ),
  );
