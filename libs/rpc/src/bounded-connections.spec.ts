import { FakeClock } from '@weir/base';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { splitHostPort } from '@weir/base';
import { describe, expect, it, vi } from 'vitest';
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
});
