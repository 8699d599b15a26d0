import { InvalidInput, seededRandom, sleep, Unavailable } from '@weir/base';
import fc from 'fast-check';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Link, type LinkChange, startLink } from './link.ts';

/** Echoes what it gets, its end included. */
const echo = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  socket.on('error', () => {});
  socket.pipe(socket);
});
let target: string;
beforeAll(async () => {
  await once(echo.listen(0, '127.0.0.1'), 'listening');
  target = `127.0.0.1:${(echo.address() as AddressInfo).port}`;
});
afterAll(() => void echo.close());

function begin(link: Link): Socket {
  const [host, port] = link.address.split(':') as [string, string];
  const socket = connect({ host, port: Number(port), noDelay: true, allowHalfOpen: true });
  socket.on('error', () => {});
  return socket;
}

async function dial(link: Link): Promise<Socket> {
  const socket = begin(link);
  await once(socket, 'connect');
  return socket;
}

async function receive(socket: Socket, bytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    parts.push(part);
    length += part.length;
    if (length >= bytes) break;
  }
  return Buffer.concat(parts);
}

async function roundTripMs(socket: Socket, bytes = 1): Promise<number> {
  const startedAt = performance.now();
  socket.write(Buffer.alloc(bytes));
  await receive(socket, bytes);
  return performance.now() - startedAt;
}

/** The least of several, because a busy machine adds and never takes away. */
async function leastMs(count: number, measure: () => Promise<number>): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < count; i++) least = Math.min(least, await measure());
  return least;
}

const closed = (socket: Socket) =>
  new Promise<string | undefined>((resolve) => {
    let code: string | undefined;
    socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code));
    socket.on('close', () => resolve(code));
    socket.resume();
  });

describe('link', () => {
  it('adds its delay each way, from now on when changed', async () => {
    await using link = await startLink({ target, oneWayDelayMs: 20 });
    const socket = await dial(link);
    const slow = await leastMs(5, () => roundTripMs(socket));
    expect(slow).toBeGreaterThan(38);
    link.set({ up: { delayMs: 2 }, down: { delayMs: 5 } });
    const fast = await leastMs(5, () => roundTripMs(socket));
    expect(fast).toBeGreaterThan(6);
    expect(slow - fast).toBeGreaterThan(20);
    socket.destroy();
  });

  it('spends bytes × 8 / rate on the way up and not on the way down', async () => {
    await using link = await startLink({ target, up: { bitsPerSecond: 8e6 } });
    const socket = await dial(link);
    // 100 KB at 8 Mbit/s.
    expect(await leastMs(2, () => roundTripMs(socket, 100_000))).toBeGreaterThan(98);
    link.set({ up: { bitsPerSecond: Infinity } });
    expect(await leastMs(3, () => roundTripMs(socket, 100_000))).toBeLessThan(80);
    socket.destroy();
  });

  it('shares its rate among its connections', async () => {
    await using link = await startLink({ target, up: { bitsPerSecond: 8e6 } });
    const sockets = await Promise.all([dial(link), dial(link)]);
    const startedAt = performance.now();
    await Promise.all(sockets.map((socket) => roundTripMs(socket, 50_000)));
    expect(performance.now() - startedAt).toBeGreaterThan(98);
    for (const socket of sockets) socket.destroy();
  });

  it('carries half-closed connections to their end', async () => {
    await using link = await startLink({ target, oneWayDelayMs: 3 });
    const socket = await dial(link);
    socket.end('last words');
    expect((await receive(socket, 11)).toString()).toBe('last words');
    await expect.poll(() => link.stats().connections).toBe(0);
  });

  it('holds a sender that is faster than the link, and a sender whose receiver does not read', async () => {
    await using link = await startLink({ target, up: { bitsPerSecond: 8e6 } });
    const socket = await dial(link);
    let sent = 0;
    const chunk = Buffer.alloc(64 * 1024);
    // Never read from: the echo stops as well once everything on the way is full.
    const write = () => {
      while (sent < 200e6 && socket.write(chunk, () => (sent += chunk.length)));
    };
    socket.on('drain', write);
    write();
    await expect.poll(() => link.stats().up.bytes).toBeGreaterThan(200_000);
    const { up, down } = link.stats();
    expect(up.bufferedBytes).toBeLessThan(1e6);
    link.set({ up: { bitsPerSecond: Infinity } });
    await expect
      .poll(
        async () => {
          const before = link.stats().down.bytes;
          await sleep(100);
          return link.stats().down.bytes - before;
        },
        { timeout: 10_000 },
      )
      .toBe(0);
    expect(link.stats().up.bufferedBytes + link.stats().down.bufferedBytes).toBeLessThan(9e6);
    expect(down.bufferedBytes).toBeLessThan(5e6);
    socket.destroy();
  });

  it('resets when the target does not listen', async () => {
    await using link = await startLink({ target: '127.0.0.1:1' });
    expect(await closed(begin(link))).toBe('ECONNRESET');
  });

  it.each<[string, LinkChange & { target?: string; listen?: string; oneWayDelayMs?: number }]>([
    ['a delay below 0', { oneWayDelayMs: -1 }],
    ['a rate of 0', { up: { bitsPerSecond: 0 } }],
    ['a rate that is no number', { down: { bitsPerSecond: NaN } }],
    ['an endless delay', { down: { delayMs: Infinity } }],
    ['a target without a port', { target: 'localhost' }],
    ['a port out of range', { listen: '127.0.0.1:70000' }],
  ])('refuses %s', async (_what, options) => {
    await expect(startLink({ target, ...options })).rejects.toThrow(InvalidInput);
  });

  it('refuses bad changes and keeps what it had', async () => {
    await using link = await startLink({ target, oneWayDelayMs: 7 });
    expect(() => link.set({ up: { delayMs: 1 }, down: { delayMs: -1 } })).toThrow(InvalidInput);
    expect(link.stats()).toMatchObject({ up: { delayMs: 7 }, down: { delayMs: 7 } });
  });

  it('says so when its address is taken', async () => {
    await using link = await startLink({ target });
    await expect(startLink({ target, listen: link.address })).rejects.toThrow(Unavailable);
  });
});

describe('cut', () => {
  it('resets what is open and what comes, until restored', async () => {
    await using link = await startLink({ target });
    const open = await dial(link);
    await roundTripMs(open);
    link.cut();
    expect(await closed(open)).toBe('ECONNRESET');
    expect(await closed(begin(link))).toBe('ECONNRESET');
    expect(link.stats()).toMatchObject({ cut: 'reset', connections: 0, accepted: 1 });
    link.restore();
    const again = await dial(link);
    await roundTripMs(again);
    expect(link.stats()).toMatchObject({ cut: null, connections: 1, accepted: 2 });
    again.destroy();
  });

  it('as a black hole lets nothing through, silently; what was sent arrives once restored', async () => {
    await using link = await startLink({ target });
    const open = await dial(link);
    await roundTripMs(open);
    link.cut('blackhole');
    const late = await dial(link);
    const replies: string[] = [];
    for (const socket of [open, late]) {
      socket.on('data', (data: Buffer) => replies.push(data.toString()));
      socket.write(socket === open ? 'a' : 'b');
    }
    await sleep(150);
    expect(replies).toEqual([]);
    expect([open.destroyed, late.destroyed]).toEqual([false, false]);
    link.restore();
    await expect.poll(() => replies.sort()).toEqual(['a', 'b']);
    link.cut('blackhole');
    link.cut('reset');
    expect(await closed(open)).toBe('ECONNRESET');
    late.destroy();
  });
});

it('delivers every byte unchanged and in order under any sequence of changes', async () => {
  const conditions = fc.record({
    delayMs: fc.integer({ min: 0, max: 15 }),
    bitsPerSecond: fc.constantFrom(20e6, 100e6, Infinity),
  });
  const change = fc.record({ up: conditions, down: conditions, blackhole: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 1e6 }),
      fc.integer({ min: 1, max: 400_000 }),
      fc.array(change, { maxLength: 6 }),
      async (seed, bytes, changes) => {
        await using link = await startLink({ target, oneWayDelayMs: 2, bitsPerSecond: 50e6 });
        const sockets = await Promise.all([dial(link), dial(link)]);
        const random = seededRandom(seed);
        const hash = (data: Buffer) => createHash('sha256').update(data).digest('hex');
        const exchanges = sockets.map(async (socket) => {
          const data = randomBytes(bytes);
          const reply = receive(socket, bytes);
          for (let at = 0; at < bytes;) {
            const size = 1 + random.integer(50_000);
            if (!socket.write(data.subarray(at, at + size))) await once(socket, 'drain');
            at += size;
          }
          socket.end();
          expect(hash(await reply)).toBe(hash(data));
        });
        for (const { blackhole, ...next } of changes) {
          await sleep(random.integer(10));
          link.set(next);
          if (blackhole) link.cut('blackhole');
          else link.restore();
        }
        link.restore();
        await Promise.all(exchanges);
      },
    ),
    { numRuns: 25 },
  );
});
