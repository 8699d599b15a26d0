import type { Clock } from '@weir/base';
import type { Server, Socket } from 'node:net';

/** Whose connection it is, as any kind of socket tells. */
export type Remote = Pick<Socket, 'remoteAddress' | 'remotePort'>;

export interface ConnectionBounds {
  readonly clock: Clock;
  /** Connections at once; a further one takes the place of the one that has been silent for longest, if any is silent. */
  readonly most: number;
  /** How long a connection may stay without having asked for anything, ms. */
  readonly silentMs: number;
}

interface Connected {
  readonly since: number;
  asked: boolean;
}

/** How often connections are looked at, ms. */
const sweepMs = 1_000;

/**
 * Bounds the connections of a server: those that never ask for anything are closed after `silentMs`, and at once where
 * others need their place, so that silence shuts nobody out. `asked`: to be called with a connection's first request.
 */
export function boundConnections(
  server: Server,
  { clock, most, silentMs }: ConnectionBounds,
): { readonly asked: (remote: Remote) => void } & Disposable {
  const connected = new Map<Socket, Connected>();
  const byRemote = new Map<string, Connected>();
  const sweep = () => {
    const now = clock.now();
    for (const [socket, { since, asked }] of connected)
      if (!asked && now - since >= silentMs) socket.destroy();
  };
  server.on('connection', (socket: Socket) => {
    if (connected.size >= most) {
      const silent = [...connected].find(([, { asked }]) => !asked);
      (silent?.[0] ?? socket).destroy();
      if (!silent) return;
    }
    const known: Connected = { since: clock.now(), asked: false };
    const key = keyOf(socket);
    connected.set(socket, known);
    byRemote.set(key, known);
    socket.once('close', () => {
      connected.delete(socket);
      if (byRemote.get(key) === known) byRemote.delete(key);
    });
  });
  const stop = clock.every(sweepMs, sweep);
  return {
    asked(remote) {
      const known = byRemote.get(keyOf(remote));
      if (known) known.asked = true;
    },
    [Symbol.dispose]: stop,
  };
}

const keyOf = ({ remoteAddress = '', remotePort = 0 }: Remote) => `${remoteAddress} ${remotePort}`;
