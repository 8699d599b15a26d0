import { FakeClock } from '@weir/base';
import { EventEmitter, once } from 'node:events';
import { connect as connectTcp, type Server, type Socket } from 'node:net';
import { splitHostPort } from '@weir/base';
import { describe, expect, it, vi } from 'vitest';
import { boundConnections } from './bounded-connections.ts';
import { callUnary } from './calls.ts';
import { ping, startEcho } from './echo.fixture.ts';

async function setUp(mostConnections: number) {
  const clock = new FakeClock();
  const cleanUps = new AsyncDisposableStack();
  const echo = cleanUps.use(await startEcho({}, { clock, mostConnections }));
  const silent = async (): Promise<Socket> => {
    const { host, port } = splitHostPort(echo.server.address);
    const socket = connectTcp(port, host);
    cleanUps.defer(() => void socket.destroy());
    socket.on('error', () => {});
    socket.resume();
    await once(socket, 'connect');
    return socket;
  };
  const call = () => callUnary(echo.client, echo.client.one, ping(7));
  return { clock, silent, call, [Symbol.asyncDispose]: () => cleanUps.disposeAsync() };
}

describe('connections of a server', () => {
  it('are closed when they ask for nothing, and stay when they have asked', async () => {
    await using server = await setUp(100);
    const socket = await server.silent();
    await server.call();
    server.clock.advance(9_000);
    expect(socket.closed).toBe(false);
    server.clock.advance(2_000);
    await vi.waitFor(() => expect(socket.closed).toBe(true));
    expect(await server.call()).toMatchObject({ sequence: 7 });
  });

  it('that are silent shut nobody out', async () => {
    await using server = await setUp(4);
    const sockets: Socket[] = [];
    for (let at = 0; at < 12; at++) sockets.push(await server.silent());
    expect(await server.call()).toMatchObject({ sequence: 7 });
    for (let at = 0; at < 12; at++) sockets.push(await server.silent());
    expect(await server.call()).toMatchObject({ sequence: 7 });
    await vi.waitFor(() => expect(sockets.filter(({ closed }) => !closed).length).toBeLessThanOrEqual(4));
  });

  describe('of one caller', () => {
    /** A server with sockets that are none, as they all come from one host otherwise. */
    function setUpFakes(most: number) {
      const server = new EventEmitter();
      const bounded = boundConnections(server as Server, { clock: new FakeClock(), most, silentMs: 1_000 });
      const opened: { of: string; socket: Socket }[] = [];
      const open = (of: string, { caller }: { caller?: string } = {}) => {
        const socket = Object.assign(new EventEmitter(), {
          remoteAddress: of,
          remotePort: opened.length,
          closed: false,
          destroy() {
            socket.closed = true;
            socket.emit('close');
          },
        });
        opened.push({ of: caller ?? of, socket: socket as unknown as Socket });
        server.emit('connection', socket);
        if (!socket.closed) bounded.asked(socket, caller);
      };
      const left = () => opened.flatMap(({ of, socket }) => (socket.closed ? [] : [of])).join('');
      return { bounded, open, left };
    }

    it('leave room for others, the newest first', () => {
      const { open, left } = setUpFakes(4);
      for (const of of 'aaaabc') open(of);
      expect(left()).toBe('aabc');
      open('d');
      expect(left()).toBe('abcd');
      for (const of of 'ae') open(of);
      expect(left()).toBe('abcd');
    });

    it('count as its certificate’s, whatever its host', () => {
      const { open, left } = setUpFakes(3);
      for (const caller of ['x', 'x', 'y']) open('a', { caller });
      open('a', { caller: 'z' });
      expect(left()).toBe('xyz');
    });

    it('are cut off at the end, whoever’s they are', () => {
      const { bounded, open, left } = setUpFakes(4);
      for (const of of 'aab') open(of);
      bounded[Symbol.dispose]();
      expect(left()).toBe('');
    });
  });
});
