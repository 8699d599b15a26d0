import { AlreadyExists, NotFound } from '@weir/base';
import { type webcrypto, X509Certificate } from 'node:crypto';
import { join, resolve } from 'node:path';
import { type Bundle, bundleFiles, lifeLeft, readCertificate, renewAtShare, writeBundle } from './bundle.ts';
import { exists, locked, privateFolder, readText, replaceFile } from './files.ts';
import { Register, type Registered } from './register.ts';
import { checkSubject, checkTrustDomain, identityUri, type Subject, subjectText } from './subject.ts';
import {
  algorithm,
  bothEnds,
  newKeys,
  newSerial,
  pemOf,
  privateKeyPem,
  readPrivateKey,
  x509,
} from './x509.ts';

const dayMs = 86_400_000;
/** Clocks of a fleet differ: a certificate counts from a little before it was made. */
const backdateMs = 5 * 60_000;
const files = { ca: 'ca.pem', key: 'ca.key', crl: 'crl.pem', register: 'issued.jsonl' } as const;

export interface IssueOptions {
  /** How long it is valid, days. */
  readonly days: number;
}

export interface IssuedCertificate {
  /** PEM. */
  readonly cert: string;
  readonly registered: Registered;
}

/** A certificate authority whose whole state is a folder. Every change of it is made under a lock. */
export class Authority {
  readonly folder: string;
  /** Its own certificate, PEM. */
  readonly ca: string;
  readonly trustDomain: string;
  readonly #register: Register;
  readonly #now: () => number;

  private constructor(folder: string, now: () => number) {
    this.folder = folder;
    this.#now = now;
    this.ca = readText(join(folder, files.ca), `weir pki init --authority ${folder} makes an authority`);
    this.trustDomain =
      /URI:spiffe:\/\/([^/,\s]+)/.exec(new X509Certificate(this.ca).subjectAltName ?? '')?.[1] ?? 'weir';
    this.#register = new Register(join(folder, files.register));
  }

  /** Makes one: keys, certificate, empty CRL. Throws AlreadyExists where one is. `now`: epoch ms. */
  static async init(
    folder: string,
    { trustDomain, days }: { trustDomain: string; days: number },
    now: () => number = Date.now,
  ): Promise<Authority> {
    checkTrustDomain(trustDomain);
    privateFolder(folder);
    return await locked(folder, async () => {
      if (exists(join(folder, files.key)) || exists(join(folder, files.ca)))
        throw new AlreadyExists(
          `${folder} already holds an authority; every certificate in use depends on its key`,
        );
      const keys = await newKeys();
      const certificate = await x509.X509CertificateGenerator.createSelfSigned({
        serialNumber: newSerial(),
        name: [{ CN: [`Weir authority of ${trustDomain}`.slice(0, 64)] }],
        notBefore: new Date(now() - backdateMs),
        notAfter: new Date(now() + days * dayMs),
        keys,
        signingAlgorithm: algorithm,
        extensions: [
          new x509.BasicConstraintsExtension(true, 0, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
          new x509.SubjectAlternativeNameExtension([{ type: 'url', value: `spiffe://${trustDomain}` }]),
          await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        ],
      });
      replaceFile(join(folder, files.key), await privateKeyPem(keys.privateKey), 0o600);
      replaceFile(join(folder, files.ca), pemOf(certificate), 0o644);
      const authority = new Authority(folder, now);
      await authority.#writeCrl();
      return authority;
    });
  }

  /** Throws NotFound when the folder holds none. */
  static open(folder: string, now: () => number = Date.now): Authority {
    return new Authority(folder, now);
  }

  /** SHA-256 of its certificate, hexadecimal. */
  get fingerprint(): string {
    return fingerprintOf(new X509Certificate(this.ca));
  }

  /** Folders of the bundles that it has written and that are still there. */
  bundles(): string[] {
    const folders = new Set(this.issued().flatMap(({ folder }) => folder ?? []));
    return [...folders].filter((folder) => exists(join(folder, bundleFiles.cert)));
  }

  /** PEM. */
  get crl(): string {
    return readText(join(this.folder, files.crl), 'weir pki init makes one');
  }

  /** What was issued, in that order. */
  issued(): Registered[] {
    return this.#register.all();
  }

  /** New keys and their certificate as a bundle in `folder`. Throws InvalidInput for a subject that cannot be. */
  async issue(subject: Subject, { days, folder }: IssueOptions & { folder: string }): Promise<Registered> {
    const keys = await newKeys();
    const { cert, registered } = await this.certify(subject, keys.publicKey, {
      days,
      folder: resolve(folder),
    });
    writeBundle(folder, await this.#bundleOf(cert, keys));
    return registered;
  }

  /** A certificate for keys that somebody else keeps. */
  async certify(
    subject: Subject,
    publicKey: webcrypto.CryptoKey | x509.PublicKey,
    { days, folder }: IssueOptions & { folder?: string | undefined },
  ): Promise<IssuedCertificate> {
    checkSubject(subject);
    const serial = newSerial();
    const own = new x509.X509Certificate(this.ca);
    const notBefore = new Date(this.#now() - backdateMs);
    // Nothing outlives the authority.
    const notAfter = new Date(Math.min(this.#now() + days * dayMs, own.notAfter.getTime()));
    const certificate = await this.sign({
      serialNumber: serial,
      subject: [{ CN: [subject.name.slice(0, 64)] }],
      notBefore,
      notAfter,
      publicKey,
      extensions: [
        new x509.SubjectAlternativeNameExtension([
          { type: 'url', value: identityUri(this.trustDomain, subject) },
          ...subject.dns.map((value) => ({ type: 'dns' as const, value })),
          ...subject.ip.map((value) => ({ type: 'ip' as const, value })),
        ]),
      ],
    });
    const registered: Registered = {
      event: 'issued',
      serial,
      kind: subject.kind,
      name: subject.name,
      cell: subject.cell,
      dns: [...subject.dns],
      ip: [...subject.ip],
      notBefore: notBefore.toISOString(),
      notAfter: notAfter.toISOString(),
      folder,
    };
    await locked(this.folder, async () => this.#register.add({ ...registered, event: 'issued' }));
    return { cert: certificate, registered };
  }

  /** Signs a certificate of an end, PEM, and keeps no record of it. */
  async sign(
    params: Omit<x509.X509CertificateCreateParamsBase, 'issuer'> & {
      subject: x509.X509CertificateCreateParamsName;
      publicKey: webcrypto.CryptoKey | x509.PublicKey;
      extensions: x509.Extension[];
    },
  ): Promise<string> {
    const own = new x509.X509Certificate(this.ca);
    return pemOf(
      await x509.X509CertificateGenerator.create({
        ...params,
        issuer: own.subjectName,
        signingKey: await this.#key(),
        signingAlgorithm: algorithm,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          bothEnds(),
          ...params.extensions,
          await x509.AuthorityKeyIdentifierExtension.create(own.publicKey),
        ],
      }),
    );
  }

  /**
   * Replaces the certificate and key of a bundle by new ones of the same subject and length of life, once no more than a
   * third of it is left. Undefined when it is not time. Throws NotFound for a certificate that this authority has not
   * issued or has revoked.
   */
  async renew(folder: string, { force = false } = {}): Promise<Registered | undefined> {
    const current = readCertificate(folder);
    const known = this.#known(current);
    if (!force && lifeLeft(current, this.#now()) > renewAtShare) return undefined;
    return await this.issue(known, { days: lifeDays(known), folder });
  }

  /** The same for keys that somebody else keeps: who holds `current`. */
  async recertify(current: X509Certificate, publicKey: x509.PublicKey): Promise<IssuedCertificate> {
    const known = this.#known(current);
    return await this.certify(known, publicKey, { days: lifeDays(known) });
  }

  /**
   * Revokes certificates, writes the CRL, and puts it into every bundle that this machine still has. Throws NotFound when
   * none of the serials can be revoked.
   */
  async revoke(serials: readonly string[]): Promise<{ revoked: Registered[]; bundles: string[] }> {
    return await locked(this.folder, async () => {
      const all = this.issued();
      const revoked = all.filter((one) => one.revokedAt === undefined && serials.includes(one.serial));
      if (revoked.length === 0)
        throw new NotFound('no such certificate that is not revoked yet; weir pki show lists them');
      const at = new Date(this.#now()).toISOString();
      for (const { serial } of revoked) this.#register.add({ event: 'revoked', serial, at });
      await this.#writeCrl();
      const { crl } = this;
      const bundles = this.bundles();
      for (const folder of bundles) replaceFile(join(folder, bundleFiles.crl), crl, 0o644);
      return { revoked, bundles };
    });
  }

  #known(certificate: X509Certificate): Registered {
    const known = this.issued().find(({ serial }) => serial === serialOf(certificate));
    if (!known) throw new NotFound(`${this.folder} has not issued certificate ${serialOf(certificate)}`);
    if (known.revokedAt !== undefined)
      throw new NotFound(
        `the certificate of ${subjectText(known)} was revoked ${known.revokedAt}; issue a new one`,
      );
    return known;
  }

  async #bundleOf(cert: string, keys: webcrypto.CryptoKeyPair): Promise<Bundle> {
    return { ca: this.ca, cert, key: await privateKeyPem(keys.privateKey), crl: this.crl };
  }

  #key(): Promise<webcrypto.CryptoKey> {
    return readPrivateKey(
      readText(join(this.folder, files.key), 'only where the authority is, certificates are made'),
    );
  }

  /** Expired certificates stay listed: a peer whose clock is behind would take them. */
  async #writeCrl(): Promise<void> {
    const own = new x509.X509Certificate(this.ca);
    const revoked = this.issued().filter(({ revokedAt }) => revokedAt !== undefined);
    const crl = await x509.X509CrlGenerator.create({
      issuer: own.subjectName,
      thisUpdate: new Date(this.#now() - backdateMs),
      // A list that runs out would turn everybody away: it holds as long as the authority, or until a newer one.
      nextUpdate: own.notAfter,
      entries: revoked.map(({ serial, revokedAt }) => ({
        serialNumber: serial,
        revocationDate: new Date(revokedAt!),
        reason: x509.X509CrlReason.cessationOfOperation,
      })),
      signingKey: await this.#key(),
      signingAlgorithm: algorithm,
      extensions: [
        await x509.AuthorityKeyIdentifierExtension.create(own.publicKey),
        crlNumber(revoked.length + 1),
      ],
    });
    // The library's own PEM says `CRL`, which OpenSSL does not read.
    const pem = `${x509.PemConverter.encode(crl.rawData, 'X509 CRL')}\n`;
    replaceFile(join(this.folder, files.crl), pem, 0o644);
  }
}

/** SHA-256 of a certificate, hexadecimal, as a token pins it. */
export const fingerprintOf = (certificate: X509Certificate): string =>
  certificate.fingerprint256.replaceAll(':', '').toLowerCase();

/** As the register writes it. */
export const serialOf = ({ serialNumber }: X509Certificate): string => serialNumber.toLowerCase();

const lifeDays = ({ notBefore, notAfter }: Registered): number =>
  (Date.parse(notAfter) - Date.parse(notBefore) - backdateMs) / dayMs;

/** Source: RFC 5280, section 5.2.3. */
function crlNumber(number: number): x509.Extension {
  const hex = number.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  const positive = bytes[0]! & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
  return new x509.Extension(
    '2.5.29.20',
    false,
    Buffer.concat([Buffer.from([0x02, positive.length]), positive]),
  );
}
