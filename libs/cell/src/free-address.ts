import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { splitHostPort, Unavailable } from '@weir/base';

/** Below Linux's ephemeral ports: an outgoing connection could take one of those between choice and use. */
const ports = { first: 20_000, last: 32_000 };
const tries = 100;

/**
 * Addresses that are free and that nothing takes on its own, so that others can learn them before they are in use. Cells that
 * start at once on one machine never choose the same: a claim holds the UDP port of the same number, which nothing else uses,
 * until it is disposed of or the process ends.
 */
export class AddressClaims implements Disposable {
  readonly #held: Socket[] = [];
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** HOST:PORT. Throws Unavailable when no free port is found. */
  async claim(): Promise<string> {
    for (let attempt = 0; attempt < tries; attempt++) {
      const port = ports.first + Math.floor(this.#random() * (ports.last - ports.first));
      const address = `127.0.0.1:${port}`;
      const held = await holdUdp(port);
      if (held === undefined) continue;
      if (await isFree(address)) {
        this.#held.push(held);
        return address;
      }
      held.close();
    }
    throw new Unavailable(`found no free port between ${ports.first} and ${ports.last}`);
  }

  [Symbol.dispose](): void {
    for (const socket of this.#held.splice(0)) socket.close();
  }
}

async function holdUdp(port: number): Promise<Socket | undefined> {
  const socket = createSocket('udp4').unref();
  try {
    socket.bind({ port, address: '127.0.0.1', exclusive: true });
    await once(socket, 'listening');
    return socket;
  } catch {
    socket.close();
    return undefined;
  }
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
