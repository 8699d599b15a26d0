import type { Clock } from '@weir/base';
import type { Server, Socket } from 'node:net';

/** Whose connection it is, as any kind of socket tells. */
export type Remote = Pick<Socket, 'remoteAddress' | 'remotePort'>;

export interface ConnectionBounds {
  readonly clock: Clock;
  /**
   * Connections at once; a further one takes the place of the one that has been silent for longest, or else of the newest of
   * whoever has most of them.
   */
  readonly most: number;
  /** How long a connection may stay without having asked for anything, ms. */
  readonly silentMs: number;
}

interface Connected {
  readonly key: string;
  readonly since: number;
  /** Whose it is: its host, and from its first call on its caller. */
  of: string;
  asked: boolean;
}

/** How often connections are looked at, ms. */
const sweepMs = 1_000;

/**
 * Bounds the connections of a server: those that never ask for anything are closed after `silentMs`, and at once where
 * others need their place, so that silence shuts nobody out, nor does one caller with many connections. `asked`: to be called
 * with a connection's first request, and whose that is, unless it is its host's. Those that are left when it is disposed are cut off.
 */
export function boundConnections(
  server: Server,
  { clock, most, silentMs }: ConnectionBounds,
): { readonly asked: (remote: Remote, caller?: string) => void } & Disposable {
  const connected = new Map<Socket, Connected>();
  const byRemote = new Map<string, Connected>();
  const held = new Map<string, number>();
  const count = (of: string, change: number) => {
    const now = (held.get(of) ?? 0) + change;
    if (now > 0) held.set(of, now);
    else held.delete(of);
  };
  const forget = (socket: Socket) => {
    const known = connected.get(socket);
    if (!known) return;
    connected.delete(socket);
    if (byRemote.get(known.key) === known) byRemote.delete(known.key);
    count(known.of, -1);
  };
  const sweep = () => {
    const now = clock.now();
    for (const [socket, { since, asked }] of connected)
      if (!asked && now - since >= silentMs) socket.destroy();
  };
  /** Whose place a newcomer gets: undefined when nobody has more than it would have with another one. */
  const leaving = (newcomer: string): Socket | undefined => {
    for (const [socket, { asked }] of connected) if (!asked) return socket;
    const [most, size] = [...held].reduce((a, b) => (b[1] > a[1] ? b : a));
    if (size <= (held.get(newcomer) ?? 0) + 1) return undefined;
    return [...connected].findLast(([, { of }]) => of === most)?.[0];
  };
  server.on('connection', (socket: Socket) => {
    const of = socket.remoteAddress ?? '';
    if (connected.size >= most) {
      const other = leaving(of);
      (other ?? socket).destroy();
      if (!other) return;
      forget(other);
    }
    const known: Connected = { key: keyOf(socket), since: clock.now(), of, asked: false };
    connected.set(socket, known);
    byRemote.set(known.key, known);
    count(of, 1);
    socket.once('close', () => forget(socket));
  });
  const stop = clock.every(sweepMs, sweep);
  return {
    asked(remote, caller) {
      const known = byRemote.get(keyOf(remote));
      if (!known) return;
      known.asked = true;
      if (caller === undefined) return;
      count(known.of, -1);
      known.of = caller;
      count(caller, 1);
    },
    [Symbol.dispose]() {
      stop();
      // grpc-js forgets to: without its channelz it knows no sessions when it is shut down.
      for (const socket of connected.keys()) socket.destroy();
    },
  };
}

const keyOf = ({ remoteAddress = '', remotePort = 0 }: Remote) => `${remoteAddress} ${remotePort}`;
