import { InvalidInput, type Logger, silentLogger, Unauthenticated, Unavailable } from '@weir/base';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Authority } from './authority.ts';
import { joinFleet, renewOver } from './enrol.ts';
import { type EnrolmentServer, serveEnrolment } from './enrolment-server.ts';
import type { Subject } from './subject.ts';
import { Tokens, tokenText } from './tokens.ts';

const camera: Subject = { kind: 'device', name: 'camera-7', cell: 'hall', dns: ['camera-7'], ip: [] };
const minuteMs = 60_000;

let folder: string;
let time: number;
let authority: Authority;
let server: EnrolmentServer;
const at = (...parts: string[]) => join(folder, ...parts);
const tokenFor = (subject = camera, of = authority, minutes = 15) =>
  tokenText(
    new Tokens(of.folder, () => time).create(of.fingerprint, {
      subject,
      days: 30,
      expiresAt: time + minutes * minuteMs,
    }),
  );
const joinBy = (token: string, to = 'bundle', from = server.address) =>
  joinFleet(token, { from, folder: at(to) });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-enrol-'));
  time = Date.now();
  const now = () => time;
  authority = await Authority.init(at('authority'), { trustDomain: 'example', days: 3_650 }, now);
  server = await serveEnrolment(authority, { listen: '127.0.0.1:0', logger: silentLogger, now });
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

describe('a token', () => {
  it('gives a device the certificate that the operator decided on, and a key that it made itself', async () => {
    const certificate = await joinBy(tokenFor());
    expect(certificate.subjectAltName).toBe(
      'URI:spiffe://example/weir/cell/hall/device/camera-7, DNS:camera-7',
    );
    expect(readFileSync(at('bundle', 'cert.pem'), 'utf8')).toContain('BEGIN CERTIFICATE');
    expect(statSync(at('bundle', 'key.pem')).mode & 0o777).toBe(0o600);
    expect(authority.issued()).toMatchObject([{ name: 'camera-7', cell: 'hall' }]);
  });

  it('works once, even for two at the same moment', async () => {
    const token = tokenFor();
    const tries = await Promise.allSettled([1, 2, 3, 4].map((n) => joinBy(token, `bundle-${n}`)));
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(joinBy(token, 'later')).rejects.toThrow(/used/);
    expect(authority.issued()).toHaveLength(1);
  });

  it('works for a short time', async () => {
    const token = tokenFor();
    time += 16 * minuteMs;
    await expect(joinBy(token)).rejects.toThrow(Unauthenticated);
  });

  it('with a wrong secret is refused, and stays good for who knows it', async () => {
    const token = tokenFor();
    const wrong = `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`;
    await expect(joinBy(wrong)).rejects.toThrow(Unauthenticated);
    await joinBy(token);
  });

  it('is stored without its secret', () => {
    const secret = tokenFor().split('.').at(-1)!;
    const [file] = readdirSync(at('authority', 'tokens')).filter((name) => name.endsWith('.json'));
    const path = at('authority', 'tokens', file!);
    expect(readFileSync(path, 'utf8')).not.toContain(secret);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it.each(['', 'weir-join-1.ab.cd.ef', 'x'.repeat(5_000)])(
    'that is none is told before anybody is asked: %.20s',
    async (text) => {
      await expect(joinBy(text, 'bundle', '127.0.0.1:1')).rejects.toThrow(InvalidInput);
    },
  );

  it('never overwrites a certificate', async () => {
    await joinBy(tokenFor());
    await expect(joinBy(tokenFor())).rejects.toThrow(/holds a certificate already/);
  });

  it('leaves the logs without its secret', async () => {
    const lines: unknown[] = [];
    const keep = (...line: unknown[]) => void lines.push(line);
    const logger = { debug: keep, info: keep, warn: keep, error: keep } as unknown as Logger;
    await using logged = await serveEnrolment(authority, { listen: '127.0.0.1:0', logger });
    const token = tokenFor();
    await joinBy(token, 'bundle', logged.address);
    await joinBy(token, 'again', logged.address).catch(() => {});
    expect(lines).toHaveLength(2);
    expect(inspect(lines, { depth: 9 })).not.toContain(token.split('.').at(-1));
  });
});

describe('a device that joins', () => {
  /** A server that writes down what it is sent. */
  async function impostor(bundle: string) {
    const heard: string[] = [];
    const read = (file: string) => readFileSync(join(bundle, file), 'utf8');
    const fake = createServer(
      { cert: `${read('cert.pem')}${read('ca.pem')}`, key: read('key.pem') },
      (request) => {
        request.on('data', (part: Buffer) => heard.push(part.toString()));
      },
    );
    fake.listen(0, '127.0.0.1');
    await once(fake, 'listening');
    return { heard, fake, address: `127.0.0.1:${(fake.address() as AddressInfo).port}` };
  }

  it.each([
    [
      'another authority',
      async () => Authority.init(at('other'), { trustDomain: 'example', days: 9 }),
      /another authority/,
    ],
    ['its own authority, but a device’s certificate', async () => authority, /does not let it enrol/],
  ])('tells its secret to no server with a certificate of %s', async (_whose, issuer, told) => {
    await (await issuer()).issue(camera, { days: 9, folder: at('theirs') });
    const { heard, fake, address } = await impostor(at('theirs'));
    await expect(joinBy(tokenFor(), 'bundle', address)).rejects.toThrow(told);
    expect(heard).toEqual([]);
    fake.close();
  });

  it('says when nobody is there', async () => {
    await expect(joinBy(tokenFor(), 'bundle', '127.0.0.1:1')).rejects.toThrow(Unavailable);
  });
});

describe('a device that has joined', () => {
  const dayMs = 86_400_000;
  const renewed = (now: number, force = false) =>
    renewOver(at('bundle'), { from: server.address, now, force });

  it('renews with the certificate that it has, once it is time', async () => {
    const before = await joinBy(tokenFor());
    expect(await renewed(time + 19 * dayMs)).toBeUndefined();
    const after = await renewed(time + 21 * dayMs);
    expect(after!.subjectAltName).toBe(before.subjectAltName);
    expect(after!.serialNumber).not.toBe(before.serialNumber);
  });

  it('does not, once that is revoked', async () => {
    await joinBy(tokenFor());
    await authority.revoke([authority.issued()[0]!.serial]);
    await expect(renewed(time, true)).rejects.toThrow(/revoked/);
  });
});
