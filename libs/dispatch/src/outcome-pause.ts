/**
 * The pause between two messages of outcomes of an agent, as its policy asks for it. The first one of a session, and the first
 * one after it has grown, is up to twice as long, by chance: agents that join, or hear of it, together would go on to send
 * together.
 */
export class OutcomePause {
  readonly #random: () => number;
  #pauseMs: number;
  #sentAt = -Infinity;
  #dueAt = -Infinity;
  /** The next pause is one of those that are longer by chance. */
  #spreads = true;

  /** `pauseMs`: until a policy asks for another one. `random`: uniform in [0, 1). */
  constructor(random: () => number, pauseMs = 0) {
    this.#random = random;
    this.#pauseMs = pauseMs;
  }

  /** A session begins: nothing has been sent in it. */
  begin(): void {
    this.#sentAt = -Infinity;
    this.#dueAt = -Infinity;
    this.#spreads = true;
  }

  /** A longer pause begins with the next message, which an agent may have a timer for by now; a shorter one at once. */
  ask(pauseMs: number): void {
    if (pauseMs > this.#pauseMs) this.#spreads = true;
    if (pauseMs < this.#pauseMs) this.#dueAt = Math.min(this.#dueAt, this.#sentAt + pauseMs);
    this.#pauseMs = pauseMs;
  }

  sent(now: number): void {
    this.#sentAt = now;
    this.#dueAt = now + this.#pauseMs * (this.#spreads ? 1 + this.#random() : 1);
    this.#spreads = false;
  }

  /** Time until the next message may go, ms; not above 0: at once. */
  leftMs(now: number): number {
    return this.#dueAt - now;
  }
}
