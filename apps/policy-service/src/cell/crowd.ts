import type { Clock } from '@weir/base';

/** Pause after which no more are waited for, ms. */
const quietMs = 50;
/** Longest wait of the first who waits, ms. */
const mostMs = 500;

/**
 * What is done for whoever comes and goes: at once for one that comes alone, and once for a crowd, when nobody else has come for
 * a moment or the first has waited for long enough.
 */
export class Crowd implements Disposable {
  readonly #clock: Clock;
  readonly #serve: () => void;
  #servedAt = -Infinity;
  /** When the first of those who wait has come, ms. */
  #since = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, serve: () => void) {
    this.#clock = clock;
    this.#serve = serve;
  }

  comes(): void {
    const now = this.#clock.now();
    if (!this.#cancel) {
      if (now - this.#servedAt >= mostMs) return this.#go();
      this.#since = now;
    }
    this.#cancel?.();
    const waitMs = Math.min(quietMs, this.#since + mostMs - now);
    this.#cancel = this.#clock.after(waitMs, () => this.#go());
  }

  [Symbol.dispose](): void {
    this.#cancel?.();
  }

  #go(): void {
    this.#cancel = undefined;
    this.#servedAt = this.#clock.now();
    this.#serve();
  }
}
