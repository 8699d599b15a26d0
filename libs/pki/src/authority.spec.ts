import { AlreadyExists, InvalidInput, NotFound } from '@weir/base';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Authority } from './authority.ts';
import type { Subject } from './subject.ts';

const dayMs = 86_400_000;
const camera: Subject = { kind: 'device', name: 'camera-7', cell: 'hall', dns: [], ip: [] };
const policy: Subject = {
  kind: 'service',
  name: 'policy',
  dns: ['policy', 'localhost'],
  ip: ['10.0.0.1', '::1'],
};

let folder: string;
let time: number;
let authority: Authority;
const at = (...parts: string[]) => join(folder, ...parts);
const modeOf = (path: string) => statSync(path).mode & 0o777;
const certificateIn = (bundle: string) => new X509Certificate(readFileSync(join(bundle, 'cert.pem')));

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-pki-'));
  time = Date.now();
  authority = await Authority.init(at('authority'), { trustDomain: 'example', days: 3_650 }, () => time);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** As OpenSSL verifies it, with the CRL. */
const verify = (bundle: string) => {
  const ca = at('both.pem');
  execFileSync('sh', ['-c', `cat ${at('authority', 'ca.pem')} ${at('authority', 'crl.pem')} > ${ca}`]);
  return execFileSync('openssl', ['verify', '-crl_check', '-CAfile', ca, join(bundle, 'cert.pem')], {
    encoding: 'utf8',
    stdio: 'pipe',
  });
};

describe('an authority', () => {
  it('keeps its key for itself', () => {
    expect(modeOf(at('authority', 'ca.key'))).toBe(0o600);
    expect(modeOf(at('authority'))).toBe(0o700);
  });

  it('is never made over another one', async () => {
    const ca = readFileSync(at('authority', 'ca.pem'), 'utf8');
    await expect(Authority.init(at('authority'), { trustDomain: 'b', days: 1 })).rejects.toThrow(
      AlreadyExists,
    );
    expect(readFileSync(at('authority', 'ca.pem'), 'utf8')).toBe(ca);
  });

  it('can be opened again, and knows its trust domain', () => {
    expect(Authority.open(at('authority')).trustDomain).toBe('example');
    expect(() => Authority.open(at('nothing'))).toThrow(/weir pki init/);
  });
});

describe('a certificate', () => {
  it.each<[Subject, string]>([
    [camera, 'spiffe://example/weir/cell/hall/device/camera-7'],
    [{ ...camera, kind: 'node', name: 'edge:1' }, 'spiffe://example/weir/cell/hall/node/edge%3A1'],
    [{ ...camera, kind: 'operator', name: 'ada', cell: undefined }, 'spiffe://example/weir/operator/ada'],
    [{ ...camera, kind: 'operator', name: 'ada' }, 'spiffe://example/weir/cell/hall/operator/ada'],
    [policy, 'spiffe://example/weir/service/policy'],
  ])('of %j says who it is: %s', async (subject, uri) => {
    await authority.issue(subject, { days: 30, folder: at('bundle') });
    const uris = certificateIn(at('bundle'))
      .subjectAltName!.split(', ')
      .filter((name) => name.startsWith('URI:'));
    expect(uris).toEqual([`URI:${uri}`]);
  });

  it('carries names and addresses where it is reached, and no others', async () => {
    await authority.issue(policy, { days: 30, folder: at('bundle') });
    const certificate = certificateIn(at('bundle'));
    for (const host of policy.dns) expect(certificate.checkHost(host)).toBe(host);
    for (const ip of policy.ip) expect(certificate.checkIP(ip)).toBe(ip);
    expect(certificate.checkHost('telemetry')).toBeUndefined();
  });

  it('is verified by OpenSSL with the authority and its CRL, and is no authority itself', async () => {
    await authority.issue(camera, { days: 30, folder: at('bundle') });
    expect(verify(at('bundle'))).toContain('OK');
    expect(certificateIn(at('bundle')).ca).toBe(false);
  });

  it('comes with a key that its owner alone reads', async () => {
    await authority.issue(camera, { days: 30, folder: at('bundle') });
    expect(modeOf(at('bundle', 'key.pem'))).toBe(0o600);
  });

  it('ends no later than the authority', async () => {
    await authority.issue(camera, { days: 99_999, folder: at('bundle') });
    const ca = new X509Certificate(authority.ca);
    expect(certificateIn(at('bundle')).validTo).toBe(ca.validTo);
  });

  it.each<[Partial<Subject>, string[]]>([
    [{ kind: 'robot' as never, name: '' }, ['kind', 'name']],
    [{ cell: undefined }, ['cell']],
    [{ name: '../x', cell: 'a b' }, ['name', 'cell']],
    [{ kind: 'service', name: 'database', cell: 'hall' }, ['name', 'cell']],
    [{ dns: ['a b', 'ok'], ip: ['1.2.3', '::1'] }, ['dns', 'ip']],
  ])('is refused for %j', async (change, fields) => {
    const refused = authority.issue({ ...camera, ...change }, { days: 1, folder: at('bundle') });
    await expect(refused).rejects.toThrow(InvalidInput);
    await expect(refused).rejects.toMatchObject({ violations: fields.map((field) => ({ field })) });
    expect(authority.issued()).toEqual([]);
  });
});

describe('renewing', () => {
  it('does nothing while more than a third of the life is left', async () => {
    await authority.issue(camera, { days: 30, folder: at('bundle') });
    const { serialNumber } = certificateIn(at('bundle'));
    time += 19 * dayMs;
    expect(await authority.renew(at('bundle'))).toBeUndefined();
    expect(certificateIn(at('bundle')).serialNumber).toBe(serialNumber);
  });

  it('then gives the same subject a new certificate and key of the same length of life', async () => {
    await authority.issue(policy, { days: 30, folder: at('bundle') });
    const [before, key] = [certificateIn(at('bundle')), readFileSync(at('bundle', 'key.pem'), 'utf8')];
    time += 21 * dayMs;
    await authority.renew(at('bundle'));
    const after = certificateIn(at('bundle'));
    expect(after.subjectAltName).toBe(before.subjectAltName);
    expect(after.validToDate.getTime() - before.validToDate.getTime()).toBe(21 * dayMs);
    expect(readFileSync(at('bundle', 'key.pem'), 'utf8')).not.toBe(key);
    expect(await authority.renew(at('bundle'))).toBeUndefined();
  });

  it('refuses what it revoked, and what another authority issued', async () => {
    const { serial } = await authority.issue(camera, { days: 30, folder: at('bundle') });
    await authority.revoke([serial]);
    await expect(authority.renew(at('bundle'), { force: true })).rejects.toThrow(/revoked/);
    const other = await Authority.init(at('other'), { trustDomain: 'example', days: 10 });
    await other.issue(camera, { days: 30, folder: at('foreign') });
    await expect(authority.renew(at('foreign'), { force: true })).rejects.toThrow(NotFound);
  });
});

describe('revoking', () => {
  it('puts the certificate on a list that OpenSSL heeds, and no other', async () => {
    const { serial } = await authority.issue(camera, { days: 30, folder: at('bundle') });
    await authority.issue(policy, { days: 30, folder: at('policy') });
    await authority.revoke([serial]);
    expect(() => verify(at('bundle'))).toThrow(/certificate revoked/);
    expect(verify(at('policy'))).toContain('OK');
  });

  it('tells every bundle of this machine', async () => {
    const { serial } = await authority.issue(camera, { days: 30, folder: at('bundle') });
    await authority.issue(policy, { days: 30, folder: at('policy') });
    rmSync(at('bundle'), { recursive: true });
    const { bundles } = await authority.revoke([serial]);
    expect(bundles).toEqual([at('policy')]);
    expect(readFileSync(at('policy', 'crl.pem'), 'utf8')).toBe(authority.crl);
  });

  it('keeps every one of many made at once', async () => {
    const made = await Promise.all(
      [1, 2, 3, 4].map((n) =>
        authority.issue({ ...camera, name: `c-${n}` }, { days: 1, folder: at(`c-${n}`) }),
      ),
    );
    await Promise.all(made.map(({ serial }) => authority.revoke([serial])));
    expect(authority.issued().map(({ revokedAt }) => revokedAt !== undefined)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    for (const n of [1, 2, 3, 4]) expect(() => verify(at(`c-${n}`))).toThrow(/certificate revoked/);
  });

  it('says so when there is nothing to revoke', async () => {
    await expect(authority.revoke(['00'])).rejects.toThrow(NotFound);
  });
});
