import type { Clock } from '@weir/base';

/** How long one turn of the event loop may be spent here, ms, before whatever else waits is seen to. */
const turnMs = 5;

/**
 * Where the cells of a process share its thread for what takes long: some milliseconds of it in each turn of the event loop,
 * first come, first served, however many cells are due at once.
 */
export class Turnstile {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  /** When whoever comes now has to wait for the next turn; undefined when nobody has come in this one. */
  #endsAt: number | undefined;
  #cancelNext: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Does it in this turn of the loop where there is time left, and throws what it throws; else returns how to call it off. */
  begin(work: () => void): (() => void) | undefined {
    this.#endsAt ??= this.#clock.now() + turnMs;
    if (this.#waiting.size > 0 || this.#clock.now() >= this.#endsAt) return this.rest(work);
    try {
      work();
    } finally {
      this.#turn();
    }
    return undefined;
  }

  /** Does it in a later turn, once those have had theirs who wait already. Returns how to call it off. */
  rest(work: () => void): () => void {
    // One function may wait for two.
    const waiting = () => work();
    this.#waiting.add(waiting);
    this.#turn();
    return () => void this.#waiting.delete(waiting);
  }

  /** Another turn of the loop comes, after all that is due now: of a timer that was set before the work, Node might not wait for it. */
  #turn(): void {
    this.#cancelNext?.();
    this.#cancelNext = this.#clock.after(0, () => this.#serve());
  }

  #serve(): void {
    this.#endsAt = this.#waiting.size > 0 ? this.#clock.now() + turnMs : undefined;
    if (this.#endsAt === undefined) return;
    try {
      for (const work of [...this.#waiting]) {
        if (this.#clock.now() >= this.#endsAt) return;
        // Called off by one before it.
        if (this.#waiting.delete(work)) work();
      }
    } finally {
      this.#turn();
    }
  }
}
