import type { Socket } from 'node:net';
import { peerFaultOf } from './peer-fault.ts';

/** Least and most time until a peer that refuses for a lasting reason is tried again, ms. */
const holdMs = { least: 45_000, most: 60_000 };
/** A connection that is closed sooner was not accepted, ms. */
const acceptedMs = 1_000;
/** So many in a row mean that it is no restart of the peer. */
const rejectionsInARow = 3;

/**
 * Spaces the attempts to connect to one peer: gRPC tries again every 2 s at most, which helps when a peer restarts, and
 * does not when its certificate, or ours, is wrong. Calls meanwhile fail at once with the last error.
 */
export class SlowRetry {
  #rejections = 0;
  #releases = 0;
  #held: { promise: Promise<void>; release: () => void } | undefined;

  /** Resolves when the next attempt may begin. */
  async turn(): Promise<void> {
    await this.#held?.promise;
  }

  /** Files have changed, or were asked to be read again: the next attempt may go well. */
  release(): void {
    this.#rejections = 0;
    this.#releases++;
    this.#held?.release();
  }

  /** An attempt begins; the returned function says why it failed. One from before a release holds nothing up. */
  attempt(): (error: unknown) => void {
    const releases = this.#releases;
    return (error) => {
      if (releases === this.#releases && peerFaultOf(error)?.lasting) this.#hold();
    };
  }

  /** The peer's certificate is good; whether it takes ours shows when it does not hang up. */
  connected(socket: Socket): void {
    const since = performance.now();
    socket.once('close', () => {
      if (performance.now() - since >= acceptedMs) this.#rejections = 0;
      else if (++this.#rejections >= rejectionsInARow) this.#hold();
    });
  }

  #hold(): void {
    if (this.#held) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const delayMs = holdMs.least + Math.random() * (holdMs.most - holdMs.least);
    const release = () => {
      clearTimeout(timer);
      this.#held = undefined;
      resolve();
    };
    const timer = setTimeout(release, delayMs).unref();
    this.#held = { promise, release };
  }
}
