import { type ServiceError, status as codes } from '@grpc/grpc-js';
import { type EventEmitter, once } from 'node:events';
import { connect as connectTcp, createServer } from 'node:net';
import { InvalidInput, silentLogger, Unavailable } from '@weir/base';
import { health } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { callUnary, openDuplex, openServerStream } from './calls.ts';
import { connect } from './connection.ts';
import { ping, startEcho } from './echo.fixture.ts';
import { checkHealth } from './health-check.ts';
import { serve } from './server.ts';
import { fromServiceError } from './status.ts';

const failureOf = async (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

const { NOT_SERVING, SERVICE_UNKNOWN, SERVING } = health.HealthCheckResponse_ServingStatus;

describe('health', () => {
  it('is NOT_SERVING until told otherwise, for the server and for each service', async () => {
    await using echo = await startEcho();
    const { connection, server } = echo;
    expect(await checkHealth(connection)).toBe('NOT_SERVING');
    server.setServing(true);
    expect(await checkHealth(connection)).toBe('SERVING');
    expect(await checkHealth(connection, { service: 'weir.test.Echo' })).toBe('SERVING');
    expect(await failureOf(checkHealth(connection, { service: 'weir.test.Nothing' }))).toMatchObject({
      status: 'NOT_FOUND',
    });
  });

  it('tells its watchers of each change, and lets go of them at the end', async () => {
    const echo = await startEcho();
    const seen: health.HealthCheckResponse_ServingStatus[] = [];
    const client = echo.connection.client(health.HealthClient);
    const watching = (async () => {
      for await (const { status } of openServerStream(client, client.watch, { service: 'weir.test.Echo' })) {
        seen.push(status);
        if (seen.length === 1) echo.server.setServing(true);
        else if (seen.length === 2) void echo.server[Symbol.asyncDispose]();
      }
    })();
    await watching;
    expect(seen).toEqual([NOT_SERVING, SERVING, NOT_SERVING]);
    await echo[Symbol.asyncDispose]();
  });
});

describe('health of a service that there is not', () => {
  it('is NOT_FOUND, in few words however long its name, and the connection stands', async () => {
    await using echo = await startEcho();
    const { client, connection } = echo;
    const failure = await failureOf(checkHealth(connection, { service: 'y'.repeat(100_000) }));
    expect(failure).toMatchObject({ status: 'NOT_FOUND' });
    expect((failure as Error).message.length).toBeLessThan(2_000);
    expect(await callUnary(client, client.one, ping(1))).toEqual(ping(1));
  });

  it('is SERVICE_UNKNOWN to its watchers', async () => {
    await using echo = await startEcho();
    const client = echo.connection.client(health.HealthClient);
    for await (const { status } of openServerStream(client, client.watch, { service: 'weir.test.Nothing' })) {
      expect(status).toBe(SERVICE_UNKNOWN);
      break;
    }
  });
});

describe('drain', () => {
  it('lets calls in progress finish, refuses new ones and answers health meanwhile', async () => {
    const { promise: answer, resolve: release } = Promise.withResolvers<void>();
    let began = 0;
    await using echo = await startEcho({
      one: async (request) => {
        began++;
        await answer;
        return request;
      },
    });
    const { client, connection, server } = echo;
    server.setServing(true);
    const call = callUnary(client, client.one, ping(1));
    await expect.poll(() => began).toBe(1);

    const drained = server.drain();
    expect(server.draining.aborted).toBe(true);
    expect(await checkHealth(connection)).toBe('NOT_SERVING');
    server.setServing(true);
    expect(await checkHealth(connection)).toBe('NOT_SERVING');
    const refused = await failureOf(callUnary(client, client.one, ping(2)));
    expect(refused).toBeInstanceOf(Unavailable);
    expect(refused).toMatchObject({ reason: 'DRAINING', retryAfterMs: 1_000 });
    const stream = openDuplex(client, client.both);
    expect(await failureOf(stream[Symbol.asyncIterator]().next())).toMatchObject({ reason: 'DRAINING' });

    release();
    expect(await call).toEqual(ping(1));
    await drained;
  });

  it('tells handlers of long streams, so that these can end well', async () => {
    await using echo = await startEcho({
      both: async (stream, { draining }) => {
        await stream.send(ping(1));
        await new Promise((resolve) => draining.addEventListener('abort', resolve));
        await stream.send(ping(2));
      },
    });
    const duplex = openDuplex(echo.client, echo.client.both);
    const seen: number[] = [];
    for await (const { sequence } of duplex) {
      seen.push(sequence);
      if (sequence === 1) void echo.server[Symbol.asyncDispose]();
    }
    expect(seen).toEqual([1, 2]);
  });

  it('cuts off what goes on past the grace, and tells the handler', async () => {
    const { promise: aborted, resolve } = Promise.withResolvers<unknown>();
    let began = false;
    await using echo = await startEcho(
      {
        one: (_request, { signal }) => {
          began = true;
          signal.addEventListener('abort', () => resolve(signal.reason));
          return new Promise<never>(() => {});
        },
      },
      { drainGraceMs: 50 },
    );
    const failure = failureOf(callUnary(echo.client, echo.client.one, ping(1)));
    await expect.poll(() => began).toBe(true);
    await echo.server[Symbol.asyncDispose]();
    expect(await failure).toMatchObject({ status: expect.stringMatching(/CANCELLED|UNAVAILABLE/) as string });
    await aborted;
  });

  it('frees the port', async () => {
    const echo = await startEcho();
    await callUnary(echo.client, echo.client.one, ping(1));
    await echo.server[Symbol.asyncDispose]();
    const port = Number(echo.server.address.split(':')[1]);
    const again = createServer();
    await new Promise<void>((resolve) => again.listen(port, '127.0.0.1', resolve));
    again.close();
    await echo.connection[Symbol.asyncDispose]();
  });
});

describe('listening', () => {
  const options = { services: [], logger: silentLogger };

  it('refuses plain text off loopback unless asked for', async () => {
    expect(await failureOf(serve({ ...options, listen: '0.0.0.0:0' }))).toBeInstanceOf(InvalidInput);
    expect(() => connect('192.0.2.1:50051')).toThrow(InvalidInput);
    await using server = await serve({ ...options, listen: '0.0.0.0:0', allowPlaintext: true });
    expect(server.address).toMatch(/^0\.0\.0\.0:[1-9]\d*$/);
    await connect('192.0.2.1:50051', { allowPlaintext: true })[Symbol.asyncDispose]();
  });

  it('says so when the address is taken', async () => {
    await using first = await serve({ ...options, listen: '127.0.0.1:0' });
    expect(await failureOf(serve({ ...options, listen: first.address }))).toBeInstanceOf(Unavailable);
  });

  it('is found again by a connection once it is back', async () => {
    const first = await startEcho();
    const { client } = first;
    await callUnary(client, client.one, ping(1));
    await first.server[Symbol.asyncDispose]();
    expect(await failureOf(callUnary(client, client.one, ping(2)))).toBeInstanceOf(Unavailable);
    await using second = await startEcho({}, { listen: first.server.address });
    void second;
    await first.connection.ready();
    expect(await callUnary(client, client.one, ping(3))).toEqual(ping(3));
    await first.connection[Symbol.asyncDispose]();
  });
});

describe('a server that is sent nonsense', () => {
  const path = (name: string) => `/weir.test.Echo/${name}`;
  const same = (bytes: Buffer) => bytes;
  const nonsense = Buffer.from([0xff, 0xff, 0xff]);

  it('refuses a message that does not parse, on every shape, says where, and lives', async () => {
    await using echo = await startEcho();
    const { client } = echo;
    const until = (call: EventEmitter) => {
      call.on('data', () => {});
      return once(call, 'error');
    };
    const sending = <Call extends { write(bytes: Buffer): unknown }>(call: Call) => {
      call.write(nonsense);
      return call;
    };
    const errors = await Promise.all([
      new Promise((resolve) =>
        client.makeUnaryRequest(path('One'), same, same, nonsense, (error) => resolve([error])),
      ),
      new Promise((resolve) =>
        sending(client.makeClientStreamRequest(path('Up'), same, same, (error) => resolve([error]))),
      ),
      until(client.makeServerStreamRequest(path('Down'), same, same, nonsense)),
      until(sending(client.makeBidiStreamRequest(path('Both'), same, same))),
    ]);
    const names = ['One', 'Up', 'Down', 'Both'];
    for (const [at, [error]] of (errors as [ServiceError][]).entries()) {
      expect(error.code).toBe(codes.INVALID_ARGUMENT);
      expect(fromServiceError(error)).toMatchObject({
        violations: [
          { field: 'request', description: expect.stringContaining(`weir.test.Echo/${names[at]}`) as string },
        ],
      });
    }
    expect(await callUnary(client, client.one, ping(1))).toEqual(ping(1));
  });

  it('refuses nonsense to health and reflection likewise', async () => {
    await using echo = await startEcho({}, { reflection: true });
    const { client } = echo;
    const health = await new Promise<ServiceError | null>((resolve) =>
      client.makeUnaryRequest('/grpc.health.v1.Health/Check', same, same, nonsense, resolve),
    );
    expect(health?.code).toBe(codes.INVALID_ARGUMENT);
    const reflecting = client.makeBidiStreamRequest(
      '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
      same,
      same,
    );
    reflecting.on('data', () => {}).write(nonsense);
    const [error] = (await once(reflecting, 'error')) as [ServiceError];
    expect(error.code).toBe(codes.INVALID_ARGUMENT);
  });

  it('refuses a method that it does not have', async () => {
    await using echo = await startEcho();
    const { promise: code, resolve } = Promise.withResolvers<number | undefined>();
    echo.client.makeUnaryRequest('/weir.test.Echo/Nothing', same, same, Buffer.alloc(0), (error) =>
      resolve(error?.code),
    );
    expect(await code).toBe(codes.UNIMPLEMENTED);
  });

  it.each([
    ['HTTP/1.1', 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'],
    ['noise', Buffer.from(Array.from({ length: 4_000 }, (_, i) => (i * 73) % 256))],
    ['the preface of HTTP/2 and then noise', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'x'.repeat(4_000)}`],
  ])('hangs up on %s, and lives', async (_what, bytes) => {
    await using echo = await startEcho();
    const { client, server } = echo;
    const socket = connectTcp({ host: '127.0.0.1', port: Number(server.address.split(':')[1]) });
    socket.on('error', () => {});
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.resume();
    socket.write(bytes);
    await closed;
    expect(await callUnary(client, client.one, ping(1))).toEqual(ping(1));
  });
});
