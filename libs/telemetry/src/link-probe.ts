import { type Clock, median } from '@weir/base';

/** One link as measured from here; field by field weir.telemetry.v1.LinkState. */
export interface LinkSample {
  readonly peerNodeId: string;
  /** Round trip of a small message without the peer's own time, median of the last 10, ms; 0 when not yet measured. */
  readonly roundTripMs: number;
  /** Throughput towards the peer, median of the last 10 estimates, bits per second; 0 when not yet measured. */
  readonly uplinkBitsPerSecond: number;
  /** False before the peer's first answer and while it is silent. */
  readonly reachable: boolean;
}

export interface LinkProbe {
  /** An echo came back. `roundTripMs` is the whole time, `peerMs` the part the peer reports for itself. */
  echoed(echo: { payloadBytes: number; roundTripMs: number; peerMs: number }): void;
  /** An inference's payload went up: `uplinkMs` is its network time, one way. */
  transferred(transfer: { bytes: number; uplinkMs: number }): void;
  /** The peer refused, failed or ran out of time. */
  failed(): void;
  /** The connection broke: the peer is unreachable until its next answer. */
  lost(): void;
  state(): LinkSample;
}

/** Up to this size a message counts as costing the round trip alone. */
const smallBytes = 1_024;
/** From this size on, the time of a message tells the rate. */
const largeBytes = 16 * 1_024;
const window = 10;

/**
 * Estimates one link from echoes and inferences; sends no pings itself. Throughput follows from the time that a large
 * message needs beyond a small one: bits / (time − round trip). A link on which the two differ by less than a tenth of a
 * millisecond gives no estimate.
 */
export function createLinkProbe({
  peerNodeId,
  clock,
  silentAfterMs = 5_000,
  failuresAllowed = 1,
}: {
  peerNodeId: string;
  clock: Clock;
  /** Silence, ms, after which the peer counts as unreachable. @default 5000 */
  silentAfterMs?: number;
  /** So does it after more than this many failures in a row. @default 1 */
  failuresAllowed?: number;
}): LinkProbe {
  const roundTripMs = new NewestMedian();
  const bitsPerSecond = new NewestMedian();
  let failures = 0;
  let answeredAt = -Infinity;

  const reachable = () => failures <= failuresAllowed && clock.now() - answeredAt <= silentAfterMs;
  const answered = () => {
    // After an outage the link may be another one: forget what was measured.
    if (!reachable()) for (const measured of [roundTripMs, bitsPerSecond]) measured.forget();
    failures = 0;
    answeredAt = clock.now();
  };
  const addRate = (bytes: number, ms: number) => {
    if (bytes >= largeBytes && ms >= 0.1) bitsPerSecond.add((bytes * 8_000) / ms);
  };

  return {
    echoed({ payloadBytes, roundTripMs: echoMs, peerMs }) {
      answered();
      const networkMs = Math.max(0, echoMs - peerMs);
      if (payloadBytes <= smallBytes) roundTripMs.add(networkMs);
      else if (roundTripMs.known) addRate(payloadBytes, networkMs - roundTripMs.now);
    },
    transferred({ bytes, uplinkMs }) {
      answered();
      if (roundTripMs.known) addRate(bytes, uplinkMs - roundTripMs.now / 2);
    },
    failed() {
      failures++;
    },
    lost() {
      answeredAt = -Infinity;
    },
    state: () => ({
      peerNodeId,
      roundTripMs: roundTripMs.now,
      uplinkBitsPerSecond: bitsPerSecond.now,
      reachable: reachable(),
    }),
  };
}

/** Median of the newest values, worked out as they come: it is read far more often. */
class NewestMedian {
  readonly #values: number[] = [];
  /** 0 without any. */
  now = 0;

  get known(): boolean {
    return this.#values.length > 0;
  }

  add(value: number): void {
    this.#values.push(value);
    if (this.#values.length > window) this.#values.shift();
    this.now = median(this.#values);
  }

  forget(): void {
    this.#values.length = 0;
    this.now = 0;
  }
}
