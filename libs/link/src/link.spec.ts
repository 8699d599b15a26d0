import { FakeClock, InvalidInput, seededRandom, Unavailable } from '@weir/base';
import fc from 'fast-check';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
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

/** Sends a byte and takes what comes back. */
async function exchange(socket: Socket): Promise<void> {
  socket.write('x');
  await receive(socket, 1);
}

/** Resolves when so many bytes wait or travel in one direction. */
const inside = (link: Link, way: 'up' | 'down', bytes: number) =>
  expect.poll(() => link.stats()[way].bufferedBytes, { interval: 1 }).toBe(bytes);

const closed = (socket: Socket) =>
  new Promise<string | undefined>((resolve) => {
    let code: string | undefined;
    socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code));
    socket.on('close', () => resolve(code));
    socket.resume();
  });

describe('link', () => {
  it('adds its delay each way, from now on when changed', async () => {
    const clock = new FakeClock();
    await using link = await startLink({ target, oneWayDelayMs: 20, clock });
    const socket = await dial(link);
    /** Takes a byte there and back; the link's own time for each way. */
    const waysMs = async () => {
      const ways: number[] = [];
      socket.write('x');
      for (const way of ['up', 'down'] as const) {
        await inside(link, way, 1);
        const startedAt = clock.now();
        while (link.stats()[way].bufferedBytes > 0) clock.advance(1);
        ways.push(clock.now() - startedAt);
      }
      await receive(socket, 1);
      return ways;
    };
    expect(await waysMs()).toEqual([20, 20]);
    link.set({ up: { delayMs: 2 }, down: { delayMs: 5 } });
    expect(await waysMs()).toEqual([2, 5]);
    socket.destroy();
  });

  it('spends bytes × 8 / rate on the way up and not on the way down', async () => {
    const clock = new FakeClock();
    await using link = await startLink({ target, up: { bitsPerSecond: 8e6 }, clock });
    const socket = await dial(link);
    const reply = receive(socket, 100_000);
    socket.write(Buffer.alloc(100_000));
    await inside(link, 'up', 100_000);
    // 100 KB at 8 Mbit/s: after half of the time half is through, to a piece.
    clock.advance(50);
    expect(Math.abs(link.stats().up.bytes - 50_000)).toBeLessThanOrEqual(16 * 1024);
    clock.advance(49);
    expect(link.stats().up.bytes).toBeLessThan(100_000);
    clock.advance(1);
    expect(link.stats().up.bytes).toBe(100_000);
    expect(await reply).toHaveLength(100_000);
    socket.destroy();
  });

  it('shares its rate among its connections', async () => {
    const clock = new FakeClock();
    await using link = await startLink({ target, up: { bitsPerSecond: 8e6 }, clock });
    const sockets = await Promise.all([dial(link), dial(link)]);
    const replies = sockets.map((socket) => receive(socket, 50_000));
    for (const socket of sockets) socket.write(Buffer.alloc(50_000));
    await inside(link, 'up', 100_000);
    clock.advance(99);
    expect(link.stats().up.bytes).toBeLessThan(100_000);
    clock.advance(1);
    expect((await Promise.all(replies)).map(({ length }) => length)).toEqual([50_000, 50_000]);
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
    // Until nothing moves any more.
    let moved = -1;
    const still = () => moved === (moved = link.stats().down.bytes);
    await expect.poll(still, { timeout: 10_000, interval: 100 }).toBe(true);
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
    await exchange(open);
    link.cut();
    expect(await closed(open)).toBe('ECONNRESET');
    expect(await closed(begin(link))).toBe('ECONNRESET');
    expect(link.stats()).toMatchObject({ cut: 'reset', connections: 0, accepted: 1 });
    link.restore();
    const again = await dial(link);
    await exchange(again);
    expect(link.stats()).toMatchObject({ cut: null, connections: 1, accepted: 2 });
    again.destroy();
  });

  it('as a black hole holds the answer that is on its way back', async () => {
    const clock = new FakeClock();
    await using link = await startLink({ target, down: { delayMs: 10 }, clock });
    const socket = await dial(link);
    const reply = receive(socket, 1);
    socket.write('x');
    await inside(link, 'down', 1);
    link.cut('blackhole');
    clock.advance(60_000);
    expect(link.stats().down).toMatchObject({ bytes: 0, bufferedBytes: 1 });
    link.restore();
    clock.advance(0);
    expect((await reply).toString()).toBe('x');
    socket.destroy();
  });

  it('as a black hole lets nothing through, silently; what was sent arrives once restored', async () => {
    await using link = await startLink({ target });
    const open = await dial(link);
    await exchange(open);
    link.cut('blackhole');
    const late = await dial(link);
    const replies: string[] = [];
    for (const socket of [open, late]) {
      socket.on('data', (data: Buffer) => replies.push(data.toString()));
      socket.write(socket === open ? 'a' : 'b');
    }
    await inside(link, 'up', 2);
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
          for (let turn = random.integer(30); turn > 0; turn--) await setImmediate();
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
