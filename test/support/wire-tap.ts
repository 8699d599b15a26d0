import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

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
    const read = grpcMessages((message) => messages.push(message));
    client.on('data', (chunk: Buffer) => (up.push(chunk), read(chunk)));
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

const prefaceBytes = 24;
const frameHeaderBytes = 9;
const messageHeaderBytes = 5;
const dataFrame = 0;
const padded = 0x8;

/** Takes the bytes of one HTTP/2 connection from its client (RFC 9113), and gives the gRPC messages of each stream. */
function grpcMessages(onMessage: (message: Buffer) => void): (chunk: Buffer) => void {
  let unread = Buffer.alloc(0);
  let begun = false;
  const streams = new Map<number, Buffer>();
  return (chunk) => {
    unread = Buffer.concat([unread, chunk]);
    if (!begun && unread.length >= prefaceBytes) {
      begun = true;
      unread = unread.subarray(prefaceBytes);
    }
    while (begun && unread.length >= frameHeaderBytes) {
      const end = frameHeaderBytes + unread.readUIntBE(0, 3);
      if (unread.length < end) return;
      if (unread[3] === dataFrame) {
        const padding = unread[4]! & padded ? unread[frameHeaderBytes]! : 0;
        const begin = unread[4]! & padded ? frameHeaderBytes + 1 : frameHeaderBytes;
        const id = unread.readUInt32BE(5);
        const before = streams.get(id) ?? Buffer.alloc(0);
        streams.set(id, cut(Buffer.concat([before, unread.subarray(begin, end - padding)]), onMessage));
      }
      unread = unread.subarray(end);
    }
  };
}

/** Hands over whole messages; gives the rest. */
function cut(bytes: Buffer, onMessage: (message: Buffer) => void): Buffer {
  let rest = bytes;
  while (rest.length >= messageHeaderBytes) {
    const end = messageHeaderBytes + rest.readUInt32BE(1);
    if (rest.length < end) break;
    onMessage(rest.subarray(messageHeaderBytes, end));
    rest = rest.subarray(end);
  }
  return rest;
}
