import { connect, type Socket } from 'node:net';
import type { Direction } from './direction.ts';

/**
 * How a link is cut. `reset`: open connections are reset, and new ones as soon as they are made. `blackhole`: packets
 * vanish without a sign; new connections are made and stay silent; what was sent arrives after `restore`.
 */
export type CutMode = 'reset' | 'blackhole';

/** Bytes per parcel: small, so that the first ones arrive while the last ones still wait for the line. */
const pieceBytes = 16 * 1024;
/** Bytes that a receiver may leave unread before its sender is paused. */
const unreadLimitBytes = 1024 * 1024;
/** Connections open at once. */
const connectionLimit = 1_024;

/** The connections of one link: pairs each accepted one with one to the target, through the two lanes. */
export function createRelay({
  target,
  lanes,
}: {
  target: { host: string; port: number };
  lanes: { up: Direction; down: Direction };
}) {
  const sockets = new Set<Socket>();
  const pairs = new Set<Socket>();
  let accepted = 0;
  let cutMode: CutMode | null = null;

  const reset = () => {
    for (const socket of sockets) socket.resetAndDestroy();
    lanes.up.clear();
    lanes.down.clear();
  };

  const accept = (near: Socket) => {
    if (cutMode === 'reset' || pairs.size >= connectionLimit) {
      near.on('error', () => {});
      near.resetAndDestroy();
      return;
    }
    accepted++;
    const far = connect({ ...target, allowHalfOpen: true, noDelay: true });
    pairs.add(near);
    for (const socket of [near, far]) {
      sockets.add(socket);
      // Whatever went wrong, `carry` tells the other side.
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        pairs.delete(socket);
      });
    }
    carry(near, far, lanes.up);
    carry(far, near, lanes.down);
  };

  return {
    accept,
    reset,
    cut(mode: CutMode) {
      if (cutMode === 'blackhole' && mode === 'reset') thaw();
      cutMode = mode;
      if (mode === 'reset') return reset();
      lanes.up.freeze();
      lanes.down.freeze();
    },
    restore() {
      if (cutMode === 'blackhole') thaw();
      cutMode = null;
    },
    stats: () => ({ connections: pairs.size, accepted, cut: cutMode }),
  };

  function thaw() {
    lanes.up.thaw();
    lanes.down.thaw();
  }
}

/** Forwards data, end and reset through the lane; pauses `from` while the lane or `to` is full. */
function carry(from: Socket, to: Socket, lane: Direction): void {
  const hold = () => {
    if (lane.full) {
      from.pause();
      lane.whenRoom(hold);
    } else if (to.writableLength >= unreadLimitBytes) {
      from.pause();
      to.once('drain', hold);
    } else from.resume();
  };
  from.on('data', (data: Buffer) => {
    for (let at = 0; at < data.length; at += pieceBytes) {
      const piece = data.subarray(at, at + pieceBytes);
      lane.push(piece.length, () => {
        if (to.writable) to.write(piece);
      });
    }
    if (lane.full || to.writableLength >= unreadLimitBytes) hold();
  });
  from.on('end', () => lane.push(0, () => void to.end()));
  from.on('close', (hadError) => {
    if (hadError || !from.readableEnded) lane.push(0, () => void to.resetAndDestroy());
  });
  from.resume();
}
