import type { Clock } from '@weir/base';
import type { worker } from '@weir/proto';
import type { LinkProbe } from '@weir/telemetry';
import { peerMsFromWire } from '@weir/wire';

/** Bytes of the ping that measures the link's rate: enough to measure 100 Mbit/s, and 13 ms of a 10 Mbit/s link. */
export const rateProbeBytes = 16 * 1024;
/** One ping in this many measures the rate, if nothing else uses the stream. */
const rateProbeEvery = 10;
/** Most unanswered pings that are remembered. */
const pingsKept = 16;

/** Measures a link by the echoes of small messages, and now and then of a larger one. */
export class Pings {
  readonly #link: LinkProbe;
  readonly #clock: Clock;
  readonly #unanswered = new Map<number, { sentAt: number; payloadBytes: number }>();
  #sequence = 0;

  constructor(link: LinkProbe, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  /** Nothing sent before is answered any more. */
  forget(): void {
    this.#unanswered.clear();
  }

  /** The next one, to be sent now. `idle`: nothing else uses the stream. */
  next({ idle }: { readonly idle: boolean }): worker.Ping {
    return this.ofBytes(idle && this.#sequence % rateProbeEvery === 0 ? rateProbeBytes : 0);
  }

  ofBytes(payloadBytes: number): worker.Ping {
    for (const sequence of this.#unanswered.keys()) {
      if (this.#unanswered.size < pingsKept) break;
      this.#unanswered.delete(sequence);
    }
    const sequence = ++this.#sequence;
    this.#unanswered.set(sequence, { sentAt: this.#clock.now(), payloadBytes });
    return { sequence, payload: Buffer.alloc(payloadBytes) };
  }

  /** Returns whether it echoes one that was sent. `at`: its arrival. */
  echoed(pong: worker.Pong, at: number): boolean {
    const ping = this.#unanswered.get(pong.sequence);
    if (!ping) return false;
    this.#unanswered.delete(pong.sequence);
    this.#link.echoed({
      payloadBytes: ping.payloadBytes,
      roundTripMs: at - ping.sentAt,
      peerMs: peerMsFromWire(pong),
    });
    return true;
  }
}
