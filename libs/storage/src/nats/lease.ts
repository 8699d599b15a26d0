import type { Clock } from '@weir/base';

/** What a process may take for its own as long as it can say that it lives, by its own clock. */
export class Lease {
  readonly #clock: Clock;
  readonly #ms: number;
  #renewedAt: number | undefined;

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  /** `at`: when it was asked for, epoch ms; it may have come into force later. */
  renewed(at: number): void {
    this.#renewedAt = Math.max(at, this.#renewedAt ?? at);
  }

  /** Whether it has been in force at all. */
  get began(): boolean {
    return this.#renewedAt !== undefined;
  }

  /** Whether it is over; false before it began. */
  get lapsed(): boolean {
    return this.lapsedFor(0);
  }

  /** Whether it has been over for `ms` and more. */
  lapsedFor(ms: number): boolean {
    return this.#renewedAt !== undefined && this.#clock.now() - this.#renewedAt >= this.#ms + ms;
  }
}
