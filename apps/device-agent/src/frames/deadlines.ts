import type { Clock } from '@weir/base';

interface Pending {
  /** Epoch ms. */
  readonly at: number;
  readonly callback: () => void;
}

/**
 * A clock's timers for deadlines that are hardly ever reached: one timer serves them all. It is not set back when one is
 * cancelled, but set anew when it rings, so that most cost no timer of their own.
 */
export class Deadlines implements Pick<Clock, 'now' | 'after'>, Disposable {
  readonly #clock: Clock;
  readonly #pending = new Set<Pending>();
  #ringsAt = Infinity;
  #cancel = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  /** As a clock's. */
  after(delayMs: number, callback: () => void): () => void {
    const pending = { at: this.now() + delayMs, callback };
    this.#pending.add(pending);
    if (pending.at < this.#ringsAt) this.#set(pending.at);
    return () => void this.#pending.delete(pending);
  }

  /** None of them calls back any more. */
  [Symbol.dispose](): void {
    this.#pending.clear();
    this.#set(Infinity);
  }

  #set(ringsAt: number): void {
    this.#cancel();
    this.#ringsAt = ringsAt;
    if (ringsAt < Infinity)
      this.#cancel = this.#clock.after(Math.max(0, ringsAt - this.now()), () => this.#ring());
  }

  #ring(): void {
    const now = this.now();
    const due = [...this.#pending].filter(({ at }) => at <= now);
    for (const pending of due) this.#pending.delete(pending);
    this.#set(Math.min(...[...this.#pending].map(({ at }) => at)));
    for (const { callback } of due) callback();
  }
}
