import { once } from 'node:events';
import { createServer } from 'node:net';
import { splitHostPort, Unavailable } from '@weir/base';

/** Below Linux's ephemeral ports: an outgoing connection could take one of those between choice and use. */
const ports = { first: 20_000, last: 32_000 };
const tries = 100;

/**
 * Chooses an address that is free now and that nothing takes on its own, so that others can learn it before it is
 * in use. Ports are random, so that cells starting at once on one machine do not collide.
 */
export async function freeAddress(): Promise<string> {
  for (let attempt = 0; attempt < tries; attempt++) {
    const address = `127.0.0.1:${ports.first + Math.floor(Math.random() * (ports.last - ports.first))}`;
    if (await isFree(address)) return address;
  }
  throw new Unavailable(`found no free port between ${ports.first} and ${ports.last}`);
}

/** Whether HOST:PORT can be served on now. */
export async function isFree(address: string): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(splitHostPort(address));
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
