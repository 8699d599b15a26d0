import { type Clock, InvalidInput, systemClock, Unavailable } from '@weir/base';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { Direction } from './direction.ts';
import type { LinkConditions } from './lane.ts';
import { type CutMode, createRelay } from './relay.ts';

/** `up` leads from the connecting side to the target, `down` back. */
export interface LinkChange {
  readonly up?: Partial<LinkConditions>;
  readonly down?: Partial<LinkConditions>;
}

export interface LinkOptions extends LinkChange {
  /** `HOST:PORT` to accept connections on. @default 127.0.0.1:0 */
  readonly listen?: string;
  /** `HOST:PORT` to relay them to. */
  readonly target: string;
  /** Each way, ms. @default 0 */
  readonly oneWayDelayMs?: number;
  /** Each way, shared by all connections of the link. @default Infinity */
  readonly bitsPerSecond?: number;
  readonly clock?: Clock;
}

export interface LinkStats {
  /** Connections open now. */
  readonly connections: number;
  /** Connections accepted since the start. */
  readonly accepted: number;
  readonly cut: CutMode | null;
  readonly up: DirectionStats;
  readonly down: DirectionStats;
}
export interface DirectionStats extends LinkConditions {
  /** Delivered since the start. */
  readonly bytes: number;
  /** In the link now. */
  readonly bufferedBytes: number;
}

/** Emulates one link by relaying TCP. Disposing resets its connections. */
export interface Link extends AsyncDisposable {
  readonly address: string;
  /** New conditions apply to bytes that have not started; the order never changes. Throws InvalidInput. */
  set(change: LinkChange): void;
  cut(mode?: CutMode): void;
  restore(): void;
  stats(): LinkStats;
}

/**
 * TCP's handshake ends at the relay and so takes no link time; slow start and losses are not emulated.
 * Throws InvalidInput, or Unavailable when the address is taken.
 */
export async function startLink(options: LinkOptions): Promise<Link> {
  const {
    listen = '127.0.0.1:0',
    oneWayDelayMs = 0,
    bitsPerSecond = Infinity,
    clock = systemClock,
  } = options;
  const both = { delayMs: oneWayDelayMs, bitsPerSecond };
  const change = { up: { ...both, ...options.up }, down: { ...both, ...options.down } };
  validate(change);
  const lanes = { up: new Direction(change.up, clock), down: new Direction(change.down, clock) };
  const relay = createRelay({ target: parseAddress('target', options.target), lanes });

  // Half-open: one side may end while the other still answers.
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, relay.accept);
  const { host, port } = parseAddress('listen', listen);
  await listenOn(server, host, port);
  return {
    address: `${host}:${(server.address() as AddressInfo).port}`,
    set(wanted) {
      validate(wanted);
      if (wanted.up) lanes.up.set(wanted.up);
      if (wanted.down) lanes.down.set(wanted.down);
    },
    cut: (mode = 'reset') => relay.cut(mode),
    restore: relay.restore,
    stats: () => ({ ...relay.stats(), up: statsOf(lanes.up), down: statsOf(lanes.down) }),
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      relay.reset();
      await closed;
    },
  };
}

const statsOf = ({ conditions, bytes, bufferedBytes }: Direction): DirectionStats => ({
  ...conditions,
  bytes,
  bufferedBytes,
});

function validate(change: LinkChange): void {
  const violations = [];
  for (const direction of ['up', 'down'] as const) {
    const { delayMs = 0, bitsPerSecond = Infinity } = change[direction] ?? {};
    if (!(delayMs >= 0 && delayMs < Infinity))
      violations.push({ field: `${direction}.delayMs`, description: `must be >= 0, got ${delayMs}` });
    if (!(bitsPerSecond > 0))
      violations.push({
        field: `${direction}.bitsPerSecond`,
        description: `must be > 0, got ${bitsPerSecond}`,
      });
  }
  if (violations.length > 0) throw new InvalidInput(violations);
}

function parseAddress(field: string, address: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:\s]+)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (!match || port > 65_535)
    throw new InvalidInput([{ field, description: `expected HOST:PORT, got ${JSON.stringify(address)}` }]);
  return { host: (match[1] ?? match[2])!, port };
}

const listenOn = (server: Server, host: string, port: number) =>
  new Promise<void>((resolve, reject) => {
    const refuse = (cause: Error) =>
      reject(new Unavailable(`cannot listen on ${host}:${port}: ${cause.message}`, { cause }));
    server.once('error', refuse);
    server.listen(port, host, () => {
      server.off('error', refuse);
      resolve();
    });
  });
