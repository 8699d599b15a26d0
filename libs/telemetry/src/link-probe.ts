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
  let roundTripsMs: number[] = [];
  let rates: number[] = [];
  let failures = 0;
  let answeredAt = -Infinity;

  const reachable = () => failures <= failuresAllowed && clock.now() - answeredAt <= silentAfterMs;
  const answered = () => {
    // After an outage the link may be another one: forget what was measured.
    if (!reachable()) [roundTripsMs, rates] = [[], []];
    failures = 0;
    answeredAt = clock.now();
  };
  const addRate = (bytes: number, ms: number) => {
    if (bytes >= largeBytes && ms >= 0.1) keep(rates, (bytes * 8_000) / ms);
  };

  return {
    echoed({ payloadBytes, roundTripMs, peerMs }) {
      answered();
      const networkMs = Math.max(0, roundTripMs - peerMs);
      if (payloadBytes <= smallBytes) keep(roundTripsMs, networkMs);
      else if (roundTripsMs.length > 0) addRate(payloadBytes, networkMs - median(roundTripsMs));
    },
    transferred({ bytes, uplinkMs }) {
      answered();
      if (roundTripsMs.length > 0) addRate(bytes, uplinkMs - median(roundTripsMs) / 2);
    },
    failed() {
      failures++;
    },
    lost() {
      answeredAt = -Infinity;
    },
    state: () => ({
      peerNodeId,
      roundTripMs: roundTripsMs.length > 0 ? median(roundTripsMs) : 0,
      uplinkBitsPerSecond: rates.length > 0 ? median(rates) : 0,
      reachable: reachable(),
    }),
  };
}

function keep(values: number[], value: number): void {
  values.push(value);
  if (values.length > window) values.shift();
}
