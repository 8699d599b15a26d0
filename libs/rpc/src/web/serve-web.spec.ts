import { request as httpsRequest } from 'node:https';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { ResourceExhausted, silentLogger, sleep } from '@weir/base';
import { RetryInfo, worker } from '@weir/proto';
import { contracts } from '@weir/proto/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CallContext } from '../call-context.ts';
import { createAuthority } from '../certificates.fixture.ts';
import { bidi, unary } from '../handlers.ts';
import { type RpcServer, serve, type ServeOptions } from '../server.ts';

const page = 'http://pages.example:8000';
const path = '/weir.worker.v1.InferenceWorker/ListVariants';
type Answer = (context: CallContext) => Promise<worker.ListVariantsResponse>;

describe('serving pages in browsers', () => {
  let server: RpcServer;
  let answer: Answer;
  const calls: CallContext[] = [];

  const start = (options: Partial<ServeOptions> = {}) =>
    serve({
      listen: '127.0.0.1:0',
      web: { listen: '127.0.0.1:0', origins: [page] },
      services: [
        {
          definition: worker.InferenceWorkerService,
          implementation: {
            listVariants: unary((_: worker.ListVariantsRequest, context) => {
              calls.push(context);
              return answer(context);
            }),
            infer: unary(({ requestId }: worker.InferRequest) =>
              worker.InferResponse.create({ requestId, classification: { label: 'boat' } }),
            ),
            streamInfer: bidi(async () => {}),
          },
        },
      ],
      logger: silentLogger,
      ...options,
    });
  beforeEach(async () => {
    calls.length = 0;
    answer = async () => worker.ListVariantsResponse.create({ nodeId: 'edge-1' });
    server = await start();
  });
  afterEach(() => server[Symbol.asyncDispose]());

  const ask = (headers: Record<string, string> = { origin: page }, init: RequestInit = {}, to = path) =>
    fetch(`http://${server.webAddress}${to}`, {
      method: 'POST',
      body: '{}',
      ...init,
      headers: { 'content-type': 'application/json', ...headers },
    });
  /** Methods of a service; unary ones give a promise, streams an iterable. */
  const clientOf = (service: string, transport: Transport) =>
    createClient(contracts().getService(service)!, transport) as unknown as {
      listVariants(request: object): Promise<{ nodeId: string }>;
      watch(request: { service: string }): AsyncIterable<{ status: number }>;
    };
  const workerOf = (transport: Transport) => clientOf('weir.worker.v1.InferenceWorker', transport);
  const watchHealth = (transport: Transport) =>
    clientOf('grpc.health.v1.Health', transport).watch({ service: '' });
  const transports = {
    Connect: () => createConnectTransport({ baseUrl: `http://${server.webAddress}`, httpVersion: '1.1' }),
    'gRPC-Web': () => createGrpcWebTransport({ baseUrl: `http://${server.webAddress}`, httpVersion: '1.1' }),
  };
  const each = Object.entries(transports);
  const errorOf = (promise: Promise<unknown>) =>
    promise.then(
      () => undefined,
      (error: unknown) => ConnectError.from(error),
    );

  it('is off unless asked for', async () => {
    await using without = await start({ web: undefined });
    expect(without.webAddress).toBeUndefined();
  });

  it('answers a page’s plain fetch of JSON', async () => {
    const body = JSON.stringify({ requestId: 'one', variant: 'small' });
    const response = await ask({ origin: page }, { body }, '/weir.worker.v1.InferenceWorker/Infer');
    expect(response.headers.get('access-control-allow-origin')).toBe(page);
    expect(await response.json()).toEqual({ requestId: 'one', classification: { label: 'boat' } });
  });

  it.each(each)('answers %s, unary', async (_, transport) => {
    expect(await workerOf(transport()).listVariants({})).toMatchObject({ nodeId: 'edge-1' });
  });

  it.each(each)('answers %s, a stream from the server', async (_, transport) => {
    const statuses: unknown[] = [];
    for await (const { status } of watchHealth(transport())) {
      statuses.push(status);
      if (statuses.length === 2) break;
      server.setServing(true);
    }
    const [notServing, serving] = [2, 1];
    expect(statuses).toEqual([notServing, serving]);
  });

  it.each(each)('keeps the status and the details of a refusal over %s', async (_, transport) => {
    answer = () => Promise.reject(new ResourceExhausted('full', { retryAfterMs: 1_500 }));
    const error = await errorOf(workerOf(transport()).listVariants({}));
    expect(error).toMatchObject({ code: Code.ResourceExhausted, rawMessage: 'full' });
    const detail = error!.details.find((one) => 'type' in one && one.type === 'google.rpc.RetryInfo');
    const { retryDelay } = RetryInfo.decode((detail as { value: Uint8Array }).value);
    expect(retryDelay).toEqual({ seconds: 1n, nanos: 500_000_000 });
  });

  it('passes deadline and trace context on', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await ask({ origin: page, traceparent, 'connect-timeout-ms': '60000' });
    expect(calls[0]!.traceContext).toMatchObject({ traceparent });
    expect(calls[0]!.deadlineAt).toBeLessThan(Infinity);
  });

  it('cancels what a page gives up', async () => {
    const cancelled = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    answer = ({ signal }) => {
      signal.addEventListener('abort', () => cancelled.resolve());
      begun.resolve();
      return new Promise(() => {});
    };
    const leaving = new AbortController();
    const asked = ask({ origin: page }, { signal: leaving.signal });
    await begun.promise;
    leaving.abort();
    await expect(asked).rejects.toThrow(/abort/i);
    await cancelled.promise;
  });

  it('allows a preflight of a page that is listed, this machine included', async () => {
    const preflight = await ask(
      { origin: page, 'access-control-request-private-network': 'true' },
      { method: 'OPTIONS', body: null },
    );
    expect(preflight.status).toBe(204);
    const headers = Object.fromEntries(preflight.headers);
    expect(headers).toMatchObject({
      'access-control-allow-origin': page,
      'access-control-allow-methods': 'POST',
      'access-control-allow-private-network': 'true',
      vary: 'Origin',
    });
    expect(headers['access-control-allow-headers']).toMatch(/connect-timeout-ms.*traceparent/i);
  });

  it.each(['http://elsewhere.example:8000', 'http://pages.example', 'null'])(
    'refuses pages of %s before they reach anything',
    async (origin) => {
      for (const init of [{}, { method: 'OPTIONS', body: null }]) {
        const refused = await ask({ origin }, init);
        expect(refused.status).toBe(403);
        expect(refused.headers.get('access-control-allow-origin')).toBeNull();
      }
      expect(calls).toEqual([]);
    },
  );

  it('answers whoever is no page', async () => {
    expect((await ask({})).status).toBe(200);
  });

  it('knows no streams to the server, which no browser can send', async () => {
    const streamed = await ask({ origin: page }, {}, '/weir.worker.v1.InferenceWorker/StreamInfer');
    expect(streamed.status).toBe(404);
  });

  it('takes no larger messages than gRPC does', async () => {
    await using small = await start({ maxMessageBytes: 1_000 });
    const body = JSON.stringify({ requestId: 'x'.repeat(2_000) });
    const response = await fetch(`http://${small.webAddress}/weir.worker.v1.InferenceWorker/Infer`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect(await response.json()).toMatchObject({
      code: 'resource_exhausted',
      message: expect.stringContaining('readMaxBytes 1000') as string,
    });
  });

  it('answers what it has begun when it drains, and nothing after it', async () => {
    const begun = Promise.withResolvers<void>();
    const done = Promise.withResolvers<worker.ListVariantsResponse>();
    answer = () => {
      begun.resolve();
      return done.promise;
    };
    const asked = ask();
    await begun.promise;
    const drained = server.drain();
    expect(await (await ask()).json()).toMatchObject({ code: 'unavailable' });
    done.resolve(worker.ListVariantsResponse.create({ nodeId: 'late' }));
    expect(await (await asked).json()).toMatchObject({ nodeId: 'late' });
    await drained;
    await server[Symbol.asyncDispose]();
    await expect(ask()).rejects.toThrow('fetch failed');
  });

  it('ends streams that pages still read when it closes', async () => {
    const iterator = watchHealth(transports.Connect())[Symbol.asyncIterator]();
    await iterator.next();
    await server[Symbol.asyncDispose]();
    // Ended or cut off, but over.
    await Promise.race([iterator.next().catch(() => {}), sleep(30_000).then(() => expect.unreachable())]);
  });

  it('serves with TLS where the server does, to the same peers', async () => {
    using authority = createAuthority();
    const own = authority.issue('server');
    await using secure = await start({ tls: { ...own, ca: authority.ca } });
    const call = async (options: object) => {
      const [host, port] = secure.webAddress!.split(':');
      const request = httpsRequest({
        host,
        port,
        path,
        method: 'POST',
        ca: readFileSync(authority.ca),
        headers: { 'content-type': 'application/json' },
        ...options,
      });
      request.end('{}');
      const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream];
      let text = '';
      for await (const chunk of response) text += String(chunk);
      return text;
    };
    const client = authority.issue('page', ['spiffe://weir/weir/operator/ada']);
    const known = { cert: readFileSync(client.cert!), key: readFileSync(client.key!) };
    expect(JSON.parse(await call(known))).toEqual({ nodeId: 'edge-1' });
    await expect(call({})).rejects.toThrow();
    // Rights are those of the page's certificate, whatever the page says.
    const camera = authority.issue('camera', ['spiffe://weir/weir/cell/hall/device/camera-8']);
    const other = { cert: readFileSync(camera.cert!), key: readFileSync(camera.key!) };
    const headers = { 'content-type': 'application/json', 'weir-caller': 'spiffe://weir/weir/operator/ada' };
    expect(JSON.parse(await call({ ...other, headers }))).toMatchObject({ code: 'permission_denied' });
  });

  it('refuses plain text off loopback, and an address that is taken', async () => {
    const origins = [page];
    await expect(start({ web: { listen: '0.0.0.0:0', origins } })).rejects.toMatchObject({
      reason: 'PLAINTEXT_REFUSED',
      violations: [{ field: 'webListen' }],
    });
    await expect(start({ web: { listen: server.webAddress!, origins } })).rejects.toThrow(
      `cannot listen on ${server.webAddress}`,
    );
  });
});
