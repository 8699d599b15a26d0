import { InvalidInput, splitHostPort, Unauthenticated, Unavailable } from '@weir/base';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect, type TLSSocket } from 'node:tls';
import { z } from 'zod';
import { type Bundle, bundleFiles, lifeLeft, readCertificate, renewAtShare, writeBundle } from './bundle.ts';
import { fingerprintOf } from './authority.ts';
import { enrolmentUri } from './enrolment-server.ts';
import { exists, readText } from './files.ts';
import { readToken } from './tokens.ts';
import { algorithm, newKeys, privateKeyPem, x509 } from './x509.ts';

const answerSchema = z.object({ ca: z.string(), cert: z.string(), crl: z.string() });
/** For connecting and for the answer, each, ms. */
const timeoutMs = 10_000;

/**
 * Makes keys, asks `weir pki serve` at `from` (HOST:PORT) for their certificate by a token, and writes the bundle. The
 * token's secret leaves only once the server has proved that the token's authority lets it take tokens. Throws
 * Unauthenticated when server or token are refused, InvalidInput where a bundle is already.
 */
export async function joinFleet(
  token: string,
  { from, folder }: { from: string; folder: string },
): Promise<X509Certificate> {
  const { fingerprint, id, secret } = readToken(token);
  if (exists(join(folder, bundleFiles.cert)))
    throw new InvalidInput([{ field: 'out', description: `${folder} holds a certificate already` }]);
  const trusts = (authority: X509Certificate) => fingerprintOf(authority) === fingerprint;
  return await fetchBundle('/join', { from, folder, trusts, body: { id, secret } });
}

/** Renews a bundle that came by `joinFleet`, as `Authority.renew` does; undefined when it is not time yet. `now`: epoch ms. */
export async function renewOver(
  folder: string,
  { from, force = false, now = Date.now() }: { from: string; force?: boolean; now?: number },
): Promise<X509Certificate | undefined> {
  const current = readCertificate(folder);
  if (!force && lifeLeft(current, now) > renewAtShare) return undefined;
  const read = (file: string) => readText(join(folder, file), 'the bundle is not whole; join again');
  const own = { cert: read(bundleFiles.cert), key: read(bundleFiles.key) };
  const known = new X509Certificate(read(bundleFiles.ca)).fingerprint256;
  const trusts = (authority: X509Certificate) => authority.fingerprint256 === known;
  return await fetchBundle('/renew', { from, folder, trusts, body: {}, own });
}

interface Fetch {
  readonly from: string;
  readonly folder: string;
  readonly trusts: (authority: X509Certificate) => boolean;
  readonly body: object;
  readonly own?: Pick<Bundle, 'cert' | 'key'>;
}

async function fetchBundle(
  path: string,
  { from, folder, trusts, body, own }: Fetch,
): Promise<X509Certificate> {
  const keys = await newKeys();
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: ['weir'] }],
    keys,
    signingAlgorithm: algorithm,
  });
  const socket = await trusted(from, trusts, own);
  const answer = answerSchema.parse(await post(socket, path, { ...body, csr: csr.toString('pem') }));
  const certificate = new X509Certificate(answer.cert);
  const authority = new X509Certificate(answer.ca);
  if (!trusts(authority) || !certificate.verify(authority.publicKey))
    throw new Unauthenticated(`${from} answered with a certificate of another authority`);
  writeBundle(folder, { ...answer, key: await privateKeyPem(keys.privateKey) });
  return certificate;
}

/** A connection to a server that the authority lets enrol. Names do not count here: who serves may be reached by any. */
async function trusted(from: string, trusts: Fetch['trusts'], own: Fetch['own']): Promise<TLSSocket> {
  const { host, port } = splitHostPort(from);
  const socket = connect({ host, port, rejectUnauthorized: false, ...own, timeout: timeoutMs });
  socket.once('timeout', () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)));
  try {
    await once(socket, 'secureConnect');
  } catch (cause) {
    throw new Unavailable(`cannot reach ${from}: ${(cause as Error).message}`, { cause });
  }
  const certificate = socket.getPeerX509Certificate();
  const authority = certificate?.issuerCertificate;
  const fault =
    !certificate || !authority || !trusts(authority) || !certificate.verify(authority.publicKey)
      ? 'its certificate comes from another authority than the token says'
      : !isEnrolment(certificate, authority)
        ? 'its certificate does not let it enrol anybody'
        : Date.now() > certificate.validToDate.getTime() || Date.now() < certificate.validFromDate.getTime()
          ? 'its certificate is expired or not valid yet; are the clocks right?'
          : undefined;
  if (fault === undefined) return socket;
  socket.destroy();
  throw new Unauthenticated(`${from} is not trusted: ${fault}`, { reason: 'ENROLMENT_REFUSED' });
}

function isEnrolment(certificate: X509Certificate, authority: X509Certificate): boolean {
  const domain = /URI:spiffe:\/\/([^/,\s]+)/.exec(authority.subjectAltName ?? '')?.[1] ?? '';
  return (certificate.subjectAltName ?? '').split(', ').includes(`URI:${enrolmentUri(domain)}`);
}

async function post(socket: TLSSocket, path: string, body: object): Promise<unknown> {
  const call = request({
    method: 'POST',
    path,
    createConnection: () => socket,
    host: 'enrolment',
    timeout: timeoutMs,
  });
  call.end(JSON.stringify(body));
  const answered = once(call, 'response').catch((cause: unknown) => {
    throw new Unavailable(`the connection broke: ${(cause as Error).message}`, { cause });
  });
  const [response] = (await answered) as [IncomingMessage];
  const content = await text(response);
  if (response.statusCode === 200) return JSON.parse(content);
  const told = z.object({ error: z.string() }).safeParse(jsonOf(content));
  throw new Unauthenticated(told.success ? told.data.error.slice(0, 500) : `answered ${response.statusCode}`);
}

function jsonOf(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
