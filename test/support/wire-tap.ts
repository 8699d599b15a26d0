import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { GrpcMessages } from './grpc-messages.ts';

/** All that crosses one TCP address, passed on unchanged. */
export interface WireTap extends AsyncDisposable {
  /** Where clients are to connect in place of the server. */
  readonly address: string;
  /** Every byte so far, of each direction of each connection. */
  bytes(): Buffer[];
  /** gRPC messages that clients have sent whole since `from`, an earlier number of them. */
  messages(from?: number): Buffer[];
}

/** Listens in on plain-text gRPC. The server is named once it is known. */
export async function wireTap(server: () => string): Promise<WireTap> {
  const taken: Buffer[][] = [];
  const messages: Buffer[] = [];
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    const { hostname, port } = new URL(`tcp://${server()}`);
    const upstream = connect(Number(port), hostname);
    const [up, down]: [Buffer[], Buffer[]] = [[], []];
    taken.push(up, down);
    const reader = new GrpcMessages(true, (_stream, message) => messages.push(message));
    client.on('data', (chunk: Buffer) => {
      up.push(chunk);
      reader.push(chunk);
    });
    upstream.on('data', (chunk: Buffer) => down.push(chunk));
    client.pipe(upstream).pipe(client);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => (sockets.delete(socket), other.destroy()));
    }
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    address: `127.0.0.1:${(listener.address() as AddressInfo).port}`,
    bytes: () => taken.map((chunks) => Buffer.concat(chunks)),
    messages: (from = 0) => messages.slice(from),
    async [Symbol.asyncDispose]() {
      const closed = once(listener, 'close');
      listener.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
