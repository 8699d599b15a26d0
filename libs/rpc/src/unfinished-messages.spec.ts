import { status as codes } from '@grpc/grpc-js';
import { FakeClock } from '@weir/base';
import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2';
import { describe, expect, it, vi } from 'vitest';
import { callUnary, openDuplex } from './calls.ts';
import { ping, startEcho } from './echo.fixture.ts';

/** The beginning of a message of `length` bytes: its frame's head, and as many bytes as have come. */
const begun = (length: number, come: number) => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, Buffer.alloc(come)]);
};

async function setUp(unfinishedMessages: { timeoutMs?: number; mostBytes?: number } = {}) {
  const clock = new FakeClock();
  const cleanUps = new AsyncDisposableStack();
  const echo = cleanUps.use(await startEcho({}, { clock, unfinishedMessages, drainGraceMs: 0 }));
  const session = (): ClientHttp2Session => {
    const opened = connectHttp2(`http://${echo.server.address}`);
    opened.on('error', () => {});
    cleanUps.defer(() => opened.destroy());
    return opened;
  };
  const open = (on: ClientHttp2Session, method: string): ClientHttp2Stream => {
    const stream = on.request({
      ':method': 'POST',
      ':path': `/weir.test.Echo/${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.on('error', () => {});
    stream.resume();
    return stream;
  };
  /** Status of the call, once the server has ended it. */
  const statusOf = async (stream: ClientHttp2Stream): Promise<number> => {
    let status = -1;
    const take = (headers: Record<string, unknown>) => {
      if (headers['grpc-status'] !== undefined) status = Number(headers['grpc-status']);
    };
    stream.on('response', take);
    stream.on('trailers', take);
    if (!stream.closed) await once(stream, 'close');
    return status;
  };
  /** Lets what was sent arrive. */
  const arrived = () => callUnary(echo.client, echo.client.one, ping(0));
  return {
    clock,
    session,
    open,
    statusOf,
    arrived,
    echo,
    [Symbol.asyncDispose]: () => cleanUps.disposeAsync(),
  };
}

describe('unfinished messages', () => {
  it.each([
    ['nothing at all', 'One', Buffer.alloc(0)],
    ['nothing of the request of a stream of answers', 'Down', Buffer.alloc(0)],
    ['a part of its length', 'One', Buffer.alloc(3)],
    ['7 of 8 bytes', 'One', begun(8, 7)],
    ['7 of 8 bytes', 'Up', begun(8, 7)],
    ['a whole message and a part of another', 'Both', Buffer.concat([begun(0, 0), begun(8, 7)])],
  ])('end their call when it sends %s and stops: %s', async (_what, method, bytes) => {
    await using server = await setUp({ timeoutMs: 1_000 });
    const stream = server.open(server.session(), method);
    const status = server.statusOf(stream);
    if (bytes.length > 0) stream.write(bytes);
    await server.arrived();
    await vi.waitFor(() => {
      server.clock.advance(1_000);
      expect(stream.closed).toBe(true);
    }, 5_000);
    expect(await status).toBe(codes.DEADLINE_EXCEEDED);
  });

  it('leave a stream alone that says nothing between its messages', async () => {
    await using server = await setUp({ timeoutMs: 1_000 });
    const { client } = server.echo;
    using stream = openDuplex(client, client.both);
    const answers = stream[Symbol.asyncIterator]();
    for (let round = 0; round < 3; round++) {
      await stream.send(ping(round));
      expect((await answers.next()).value).toMatchObject({ sequence: round });
      server.clock.advance(5_000);
    }
  });

  it('take no more memory than they may: the connection that holds most of it loses calls', async () => {
    await using server = await setUp({ mostBytes: 4_000_000 });
    const [hostile, honest] = [server.session(), server.session()];
    const held = Array.from({ length: 10 }, () => server.open(hostile, 'One'));
    const small = server.open(honest, 'One');
    small.write(begun(1_000_000, 500_000));
    for (const stream of held) stream.write(begun(2_000_000, 1_000_000));
    await vi.waitFor(() => {
      server.clock.advance(250);
      expect(held.filter(({ closed }) => closed).length).toBeGreaterThanOrEqual(6);
    }, 5_000);
    expect(small.closed).toBe(false);
    expect(held.filter(({ closed }) => !closed).length).toBeGreaterThan(0);
  });
});
