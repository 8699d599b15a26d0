/** The pause between two messages of outcomes of an agent, as its policy asks for it. */
export class OutcomePause {
  readonly #random: () => number;
  #pauseMs: number;
  #sentAt = -Infinity;
  #dueAt = -Infinity;

  /** `pauseMs`: until a policy asks for another one. `random`: uniform in [0, 1). */
  constructor(random: () => number, pauseMs = 0) {
    this.#random = random;
    this.#pauseMs = pauseMs;
  }

  /** A session begins: nothing has been sent in it. */
  begin(): void {
    this.#sentAt = -Infinity;
    this.#dueAt = -Infinity;
  }

  /**
   * A pause that grows comes once up to twice as long, by chance: agents hear of it at about the same time, and would go on
   * to send in the same part of it, and nothing in the rest.
   */
  ask(pauseMs: number): void {
    if (pauseMs > this.#pauseMs) this.#dueAt = this.#sentAt + pauseMs * (1 + this.#random());
    else if (pauseMs < this.#pauseMs) this.#dueAt = this.#sentAt + pauseMs;
    this.#pauseMs = pauseMs;
  }

  sent(now: number): void {
    this.#sentAt = now;
    this.#dueAt = now + this.#pauseMs;
  }

  /** Time until the next message may go, ms; not above 0: at once. */
  leftMs(now: number): number {
    return this.#dueAt - now;
  }
}
