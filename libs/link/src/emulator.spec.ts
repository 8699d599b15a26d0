import { InvalidInput, Unavailable } from '@weir/base';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { forkLinkEmulator } from './emulator.ts';

async function startEcho() {
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.dispose]: () => void server.close(),
  };
}

async function say(address: string, text: string): Promise<string> {
  const [host, port] = address.split(':') as [string, string];
  const socket = connect({ host, port: Number(port) });
  socket.write(text);
  const [reply] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return reply.toString();
}

it('hosts links in a process of its own', async () => {
  using echo = await startEcho();
  await using emulator = await forkLinkEmulator();
  expect(emulator.pid).not.toBe(process.pid);
  const link = await emulator.startLink({ target: echo.address, oneWayDelayMs: 5 });
  const other = await emulator.startLink({ target: echo.address });
  expect(await say(link.address, 'hello')).toBe('hello');
  expect(await link.stats()).toMatchObject({
    accepted: 1,
    up: { bytes: 5, delayMs: 5, bitsPerSecond: Infinity },
    down: { bytes: 5 },
  });

  await link.set({ up: { delayMs: 1, bitsPerSecond: 1e6 } });
  await link.cut();
  expect(await link.stats()).toMatchObject({ cut: 'reset', up: { delayMs: 1, bitsPerSecond: 1e6 } });
  await expect(say(link.address, 'hello')).rejects.toThrow('ECONNRESET');
  expect(await say(other.address, 'other')).toBe('other');
  await link.restore();
  expect(await say(link.address, 'again')).toBe('again');
  await link[Symbol.asyncDispose]();
  await expect(say(link.address, 'gone')).rejects.toThrow('ECONNREFUSED');
  await expect(link.stats()).rejects.toThrow('no link');
});

it('passes faults on with their fields', async () => {
  await using emulator = await forkLinkEmulator();
  const failure: unknown = await emulator
    .startLink({ target: 'nowhere', oneWayDelayMs: 1 })
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(InvalidInput);
  expect((failure as InvalidInput).violations).toMatchObject([{ field: 'target' }]);
});

it('says so when the process has died', async () => {
  using echo = await startEcho();
  await using emulator = await forkLinkEmulator();
  const link = await emulator.startLink({ target: echo.address });
  process.kill(emulator.pid, 'SIGKILL');
  expect(await emulator.exited).toBe('SIGKILL');
  await expect(link.stats()).rejects.toThrow(Unavailable);
  await link[Symbol.asyncDispose]();
});
