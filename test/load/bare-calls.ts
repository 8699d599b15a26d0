import { once } from 'node:events';
import { type ClientHttp2Stream, connect, type SecureClientSessionOptions } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { splitHostPort } from '@weir/base';

/** A connection below gRPC, to do what its clients never do. */
export interface BareConnection extends Disposable {
  /** Opens a call; `path`: `weir.policy.v1.PolicyService/Orchestrate`. */
  readonly open: (path: string) => ClientHttp2Stream;
}

export function bareConnection(address: string, options: SecureClientSessionOptions = {}): BareConnection {
  const session = connect(`http://${address}`, options);
  session.on('error', () => {});
  return {
    open(path) {
      const headers = {
        ':method': 'POST',
        ':path': `/${path}`,
        'content-type': 'application/grpc',
        te: 'trailers',
      };
      return session.request(headers).on('error', () => {});
    },
    [Symbol.dispose]: () => session.destroy(),
  };
}

/** A message as it goes over the wire. `length`: the bytes that its head promises, however many come. */
export function framed(
  message: Uint8Array,
  { length = message.byteLength }: { length?: number } = {},
): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

/** A connection that says nothing. */
export async function silentConnection(address: string): Promise<Socket> {
  const { host, port } = splitHostPort(address);
  const socket = connectTcp(port, host);
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'connect');
  return socket;
}
