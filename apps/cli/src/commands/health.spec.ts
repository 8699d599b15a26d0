import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createSocketServer, type AddressInfo } from 'node:net';
import { Exit } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { runOf } from '../command.fixture.ts';
import health, { onThisMachine } from './health.ts';

const ask = runOf(health);

describe('weir health', () => {
  it.each([
    ['0.0.0.0:7200', '127.0.0.1:7200'],
    ['[::]:7200', '[::1]:7200'],
    ['10.0.0.3:7200', '10.0.0.3:7200'],
  ])('asks a service that listens on %s at %s', (listen, address) => {
    expect(onThisMachine(listen)).toBe(address);
  });

  it('waits until it serves', async () => {
    const port = await freePort();
    const asked: string[] = [];
    const page = createServer((request, response) => {
      asked.push(request.headers.host!);
      // Not ready yet at first.
      response.writeHead(asked.length < 3 ? 503 : 200).end();
    }).listen(port, '127.0.0.1');
    await once(page, 'listening');
    const { exit } = await ask(`--listen=0.0.0.0:${port}`, '--page', '--wait-ms=60000');
    page.close();
    expect(exit).toBe(Exit.done);
    // A console answers to the name that it was given, and to no other.
    expect(asked).toEqual(Array.from({ length: 3 }, () => `0.0.0.0:${port}`));
  });

  it('fails at once where nobody serves', async () => {
    const { exit, lines } = await ask(`--listen=127.0.0.1:${await freePort()}`, '--json');
    expect(exit).toBe(Exit.failed);
    expect(JSON.parse(lines.join(''))).toMatchObject({ status: 'UNAVAILABLE' });
  });
});

async function freePort(): Promise<number> {
  const server = createSocketServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
