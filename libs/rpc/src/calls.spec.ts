import { Metadata } from '@grpc/grpc-js';
import {
  Cancelled,
  DeadlineExceeded,
  InvalidInput,
  ResourceExhausted,
  silentLogger,
  systemClock,
  Unavailable,
} from '@weir/base';
import { describe, expect, it } from 'vitest';
import { callUnary, openClientStream, openDuplex, openServerStream } from './calls.ts';
import type { CallContext } from './call-context.ts';
import { ping, startEcho } from './echo.fixture.ts';

const collect = async <T>(items: AsyncIterable<T>) => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};
const failureOf = async (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );
const never = new Promise<never>(() => {});

describe('calls of every shape', () => {
  it('carry messages both ways', async () => {
    await using echo = await startEcho();
    const { client } = echo;
    expect(await callUnary(client, client.one, ping(7))).toEqual(ping(7));
    expect(await collect(openServerStream(client, client.down, ping(3)))).toEqual(
      [0, 1, 2].map((i) => ping(i)),
    );

    const upload = openClientStream(client, client.up);
    for (let i = 0; i < 40; i++) await upload.send(ping(i));
    expect(await upload.finish()).toEqual(ping(40));

    const duplex = openDuplex(client, client.both);
    for (let i = 0; i < 3; i++) await duplex.send(ping(i));
    duplex.end();
    expect(await collect(duplex)).toEqual([0, 1, 2].map((i) => ping(i)));
  });

  it('restore the error that the handler threw, on every shape', async () => {
    const fault = () => {
      throw new InvalidInput(
        [
          { field: 'sequence', description: 'must be even' },
          { field: 'payload', description: 'must be “short”' },
        ],
        { reason: 'BAD_PING' },
      );
    };
    await using echo = await startEcho({
      one: fault,
      up: fault,
      both: async () => fault(),
      async *down() {
        yield ping(1);
        fault();
      },
    });
    const { client } = echo;
    const upload = openClientStream(client, client.up);
    const seen: number[] = [];
    const failures = await Promise.all([
      failureOf(callUnary(client, client.one, ping(1))),
      failureOf(upload.finish()),
      failureOf(collect(openDuplex(client, client.both))),
      failureOf(
        (async () => {
          for await (const { sequence } of openServerStream(client, client.down, ping(1)))
            seen.push(sequence);
        })(),
      ),
    ]);
    for (const failure of failures) {
      expect(failure).toBeInstanceOf(InvalidInput);
      expect(failure).toMatchObject({
        reason: 'BAD_PING',
        message: 'sequence: must be even; payload: must be “short”',
        violations: [{ field: 'sequence' }, { field: 'payload', description: 'must be “short”' }],
      });
    }
    // What came before the failure is not lost.
    expect(seen).toEqual([1]);
  });

  it('fail by the error that ended the handler, whatever is sent after it', async () => {
    const { promise: sent, resolve } = Promise.withResolvers<unknown>();
    await using echo = await startEcho({
      both: async (stream) => {
        const goOn = async () => {
          for (let sequence = 0; ; sequence++) {
            await stream.send(ping(sequence));
            await new Promise(setImmediate);
          }
        };
        goOn().catch(resolve);
        await stream[Symbol.asyncIterator]().next();
        throw new InvalidInput([{ field: 'sequence', description: 'must be even' }]);
      },
    });
    const stream = openDuplex(echo.client, echo.client.both);
    await stream.send(ping(1));
    const failure = await failureOf(collect(stream));
    expect(failure).toMatchObject({ violations: [{ field: 'sequence' }] });
    expect(await sent).toBeInstanceOf(Cancelled);
  });

  it('send INTERNAL and no cause for an unknown error, and log the cause', async () => {
    const logged: object[] = [];
    const logger = { ...silentLogger, error: (fields: object) => void logged.push(fields) };
    const secret = new Error('password is 1234');
    await using echo = await startEcho({ one: () => Promise.reject(secret) }, { logger });
    const failure = await failureOf(callUnary(echo.client, echo.client.one, ping(1)));
    expect(failure).toMatchObject({ status: 'INTERNAL', message: 'internal error' });
    expect(JSON.stringify([failure, (failure as Error).cause])).not.toContain('1234');
    expect(logged).toEqual([{ err: secret, method: '/weir.test.Echo/One' }]);
  });

  it('carry metadata and the trace context', async () => {
    const contexts: CallContext[] = [];
    await using echo = await startEcho({
      one: (request, context) => {
        contexts.push(context);
        return request;
      },
    });
    const metadata = new Metadata();
    metadata.set('traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
    metadata.set('tracestate', 'a=1');
    await callUnary(echo.client, echo.client.one, ping(1), { metadata });
    expect(contexts[0]).toMatchObject({
      deadlineAt: Infinity,
      traceContext: { traceparent: metadata.get('traceparent')[0], tracestate: 'a=1' },
    });
    const { caller } = contexts[0]!;
    expect(caller.connection).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(caller).toEqual({ id: caller.connection, connection: caller.connection });
  });
});

describe('deadlines and cancellation', () => {
  it('reach the handler and end the call', async () => {
    const seen: (CallContext & { readonly receivedAt: number })[] = [];
    await using echo = await startEcho({
      one: (_request, context) => {
        seen.push(Object.assign(context, { receivedAt: systemClock.now() }));
        return never;
      },
    });
    const sentAt = systemClock.now();
    // Time enough to connect on a busy machine.
    const deadlineAt = sentAt + 800;
    const failure = await failureOf(callUnary(echo.client, echo.client.one, ping(1), { deadlineAt }));
    expect(failure).toBeInstanceOf(DeadlineExceeded);
    // The wire carries the time left, in whole ms: on arrival the deadline has moved by the way there.
    const { signal, deadlineAt: seenAt, receivedAt } = seen[0]!;
    expect(seenAt).toBeGreaterThanOrEqual(deadlineAt - 1);
    expect(seenAt).toBeLessThanOrEqual(deadlineAt + (receivedAt - sentAt) + 1);
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    expect(signal.reason).toBeInstanceOf(DeadlineExceeded);
  });

  it('pass from a call to the calls made on its behalf', async () => {
    const inner: CallContext[] = [];
    const { promise: innerCancelled, resolve } = Promise.withResolvers<void>();
    await using backend = await startEcho({
      one: (_request, context) => {
        inner.push(context);
        context.signal.addEventListener('abort', () => resolve());
        return never;
      },
    });
    await using frontend = await startEcho({
      one: (request, parent) =>
        callUnary(backend.client, backend.client.one, request, { parent, timeoutMs: 60_000 }),
    });
    const stop = new AbortController();
    const call = callUnary(frontend.client, frontend.client.one, ping(1), {
      timeoutMs: 30_000,
      signal: stop.signal,
    });
    const failure = failureOf(call);
    await expect.poll(() => inner.length).toBe(1);
    expect(inner[0]!.deadlineAt).toBeLessThan(systemClock.now() + 30_500);
    stop.abort();
    expect(await failure).toBeInstanceOf(Cancelled);
    await innerCancelled;
  });

  it('cancel a stream when its reader leaves the loop', async () => {
    const { promise: cancelled, resolve } = Promise.withResolvers<unknown>();
    await using echo = await startEcho({
      async *down(_request, { signal }) {
        signal.addEventListener('abort', () => resolve(signal.reason));
        for (let i = 0; !signal.aborted; i++) yield ping(i);
      },
    });
    for await (const { sequence } of openServerStream(echo.client, echo.client.down, ping(0))) {
      if (sequence === 20) break;
    }
    expect(await cancelled).toBeInstanceOf(Cancelled);
  });

  it('refuse a call whose signal has aborted already', async () => {
    await using echo = await startEcho();
    const options = { signal: AbortSignal.abort() };
    expect(await failureOf(callUnary(echo.client, echo.client.one, ping(1), options))).toBeInstanceOf(
      Cancelled,
    );
    expect(
      await failureOf(collect(openServerStream(echo.client, echo.client.down, ping(1), options))),
    ).toBeInstanceOf(Cancelled);
    expect(() => openDuplex(echo.client, echo.client.both, options)).toThrow(Cancelled);
  });

  it('say UNAVAILABLE when nobody listens, and when the connection is closed under a stream', async () => {
    const echo = await startEcho();
    const duplex = openDuplex(echo.client, echo.client.both);
    await duplex.send(ping(1));
    const reading = failureOf(collect(duplex));
    await echo[Symbol.asyncDispose]();
    expect(await reading).toBeInstanceOf(Cancelled);
    await expect(duplex.send(ping(2))).rejects.toThrow();

    await using gone = await startEcho();
    await gone.server[Symbol.asyncDispose]();
    expect(await failureOf(callUnary(gone.client, gone.client.one, ping(1)))).toBeInstanceOf(Unavailable);
  });
});

describe('message limits', () => {
  const big = ping(1, new Uint8Array(60_000));
  it.each([
    ['a request that the client may not send', { client: { maxMessageBytes: 50_000 } }],
    ['a request that the server does not take', { maxMessageBytes: 50_000 }],
  ])('end a call with RESOURCE_EXHAUSTED: %s', async (_what, options) => {
    await using echo = await startEcho({}, options);
    const { client } = echo;
    expect(await failureOf(callUnary(client, client.one, big))).toBeInstanceOf(ResourceExhausted);
    const duplex = openDuplex(client, client.both);
    void duplex.send(big);
    expect(await failureOf(collect(duplex))).toBeInstanceOf(ResourceExhausted);
    expect(await callUnary(client, client.one, ping(2))).toEqual(ping(2));
  });

  it.each([
    ['an answer that the server may not send', { maxMessageBytes: 50_000 }],
    ['an answer that the client does not take', { client: { maxMessageBytes: 50_000 } }],
  ])('end a call with RESOURCE_EXHAUSTED: %s', async (_what, options) => {
    await using echo = await startEcho({ one: ({ sequence }) => (sequence === 1 ? big : ping(2)) }, options);
    const { client } = echo;
    expect(await failureOf(callUnary(client, client.one, ping(1)))).toBeInstanceOf(ResourceExhausted);
    expect(await callUnary(client, client.one, ping(2))).toEqual(ping(2));
  });

  it('allow 8 MiB by default and not more', async () => {
    await using echo = await startEcho();
    const { client } = echo;
    const most = ping(1, new Uint8Array(8 * 1024 * 1024 - 16));
    expect((await callUnary(client, client.one, most)).payload).toHaveLength(most.payload.length);
    const more = ping(1, new Uint8Array(8 * 1024 * 1024));
    expect(await failureOf(callUnary(client, client.one, more))).toBeInstanceOf(ResourceExhausted);
  });
});
