import type { Clock } from './clock.ts';

interface Timer {
  dueAt: number;
  readonly order: number;
  readonly callback: () => void;
  readonly periodMs?: number;
}

/** A clock that stands still until a test advances it. */
export class FakeClock implements Clock {
  #now: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  constructor(startAt = 0) {
    this.#now = startAt;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    return this.#add({ dueAt: this.#now + Math.max(0, delayMs), order: this.#order++, callback });
  }

  every(periodMs: number, callback: () => void): () => void {
    return this.#add({ dueAt: this.#now + periodMs, order: this.#order++, callback, periodMs });
  }

  /** Runs, in the order of their times, all timers due within the next `durationMs`. */
  advance(durationMs: number): void {
    const until = this.#now + durationMs;
    for (let timer = this.#next(until); timer; timer = this.#next(until)) {
      this.#now = timer.dueAt;
      if (timer.periodMs === undefined) this.#timers.delete(timer);
      else timer.dueAt += timer.periodMs;
      timer.callback();
    }
    this.#now = until;
  }

  /** Like `advance`, but lets pending promises settle before the first timer and after each one. */
  async advanceAsync(durationMs: number): Promise<void> {
    const until = this.#now + durationMs;
    await settle();
    for (let timer = this.#next(until); timer; timer = this.#next(until)) {
      this.advance(timer.dueAt - this.#now);
      await settle();
    }
    this.#now = until;
  }

  #add(timer: Timer): () => void {
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  #next(until: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueAt > until) continue;
      if (!next || timer.dueAt < next.dueAt || (timer.dueAt === next.dueAt && timer.order < next.order))
        next = timer;
    }
    return next;
  }
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
