import { type Logger, splitHostPort, Unauthenticated, Unavailable, WeirError } from '@weir/base';
import type { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { z } from 'zod';
import type { Authority, IssuedCertificate } from './authority.ts';
import { subjectText } from './subject.ts';
import { Tokens } from './tokens.ts';
import { algorithm, newKeys, newSerial, privateKeyPem, x509 } from './x509.ts';

/** What proves that a server may take tokens: no device's certificate says so. */
export const enrolmentUri = (trustDomain: string): string => `spiffe://${trustDomain}/weir/enrolment`;

const joinRequest = z.object({ id: z.string(), secret: z.string(), csr: z.string() });
const renewRequest = z.object({ csr: z.string() });
const maxBodyBytes = 16_384;
/** A request must be whole within this time, ms. */
const requestMs = 10_000;
/** Life of the server's own certificate, which is made anew at each start. */
const ownDays = 30;

export interface EnrolmentServer extends AsyncDisposable {
  /** `HOST:PORT` as bound. */
  readonly address: string;
}

/**
 * Gives certificates over TLS, until disposed: to who brings a token (`POST /join`), and to who brings a certificate of this
 * authority that is neither expired nor revoked (`POST /renew`). Keys never travel. Throws Unavailable when the address is taken.
 */
export async function serveEnrolment(
  authority: Authority,
  { listen, logger, now = Date.now }: { listen: string; logger: Logger; now?: () => number },
): Promise<EnrolmentServer> {
  const tokens = new Tokens(authority.folder, now);
  const keys = await newKeys();
  const { host, port } = splitHostPort(listen);
  const cert = await authority.sign({
    serialNumber: newSerial(),
    subject: [{ CN: ['Weir enrolment'] }],
    notBefore: new Date(now() - 300_000),
    notAfter: new Date(now() + ownDays * 86_400_000),
    publicKey: keys.publicKey,
    extensions: [
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: enrolmentUri(authority.trustDomain) }]),
    ],
  });
  const answer = ({ cert: own }: IssuedCertificate) => ({ ca: authority.ca, cert: own, crl: authority.crl });
  const requests: Record<string, (body: unknown, socket: TLSSocket) => Promise<IssuedCertificate>> = {
    '/join': async (body) => {
      const { id, secret, csr } = joinRequest.parse(body);
      // Before the token is struck out: a bad request must not cost it.
      const publicKey = await keyOf(csr);
      const { subject, days } = tokens.redeem(id, secret);
      return await authority.certify(subject, publicKey, { days });
    },
    '/renew': async (body, socket) => {
      const current = socket.getPeerX509Certificate();
      if (!socket.authorized || !current)
        throw new Unauthenticated(
          `a certificate of this authority that still holds is needed (${String(socket.authorizationError ?? 'none came')})`,
        );
      return await authority.recertify(current, await keyOf(renewRequest.parse(body).csr));
    },
  };
  const server = createServer(
    {
      cert: `${cert}${authority.ca}`,
      key: await privateKeyPem(keys.privateKey),
      ca: authority.ca,
      requestCert: true,
      rejectUnauthorized: false,
      requestTimeout: requestMs,
      headersTimeout: requestMs,
      handshakeTimeout: requestMs,
    },
    (request, response) => void handle(request, response),
  );
  server.maxConnections = 64;
  server.on('tlsClientError', (err) => logger.debug({ err }, 'handshake failed'));

  async function handle(request: IncomingMessage, response: ServerResponse) {
    const from = request.socket.remoteAddress;
    const serveOne = request.method === 'POST' ? requests[request.url ?? ''] : undefined;
    try {
      if (!serveOne) return send(response, 404, { error: 'POST /join or /renew' });
      const issued = await serveOne(await bodyOf(request), request.socket as TLSSocket);
      const { serial, notAfter } = issued.registered;
      logger.info({ to: subjectText(issued.registered), serial, notAfter, from }, 'certificate issued');
      send(response, 200, answer(issued));
    } catch (error) {
      const [status, text] = statusOf(error);
      logger[status === 500 ? 'error' : 'warn']({ err: error, from }, 'no certificate issued');
      send(response, status, { error: text });
    }
  }

  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    throw new Unavailable(`cannot listen on ${listen}`, { cause });
  }
  const bound = (server.address() as AddressInfo).port;
  return {
    address: `${listen.slice(0, listen.lastIndexOf(':'))}:${bound}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The key of a certificate request, whose holder has proved to have the private one. Nothing else of it counts. */
async function keyOf(csr: string): Promise<x509.PublicKey> {
  try {
    const request = new x509.Pkcs10CertificateRequest(csr);
    const { name, namedCurve } = request.publicKey.algorithm as webcrypto.EcKeyAlgorithm;
    if (name === algorithm.name && namedCurve === algorithm.namedCurve && (await request.verify()))
      return request.publicKey;
  } catch {
    // Said below.
  }
  throw new z.ZodError([
    { code: 'custom', path: ['csr'], message: 'expected a PKCS #10 request of a P-256 key', input: '' },
  ]);
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  request.setEncoding('utf8');
  for await (const part of request) {
    text += part as string;
    if (text.length > maxBodyBytes) throw new SyntaxError('the request is too large');
  }
  return JSON.parse(text);
}

function statusOf(error: unknown): [status: number, text: string] {
  if (error instanceof z.ZodError || error instanceof SyntaxError) return [400, error.message];
  if (error instanceof Unauthenticated) return [401, error.message];
  if (error instanceof WeirError) return [403, error.message];
  return [500, 'internal error'];
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify(body));
}
