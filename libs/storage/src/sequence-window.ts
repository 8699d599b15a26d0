/**
 * Which sequences of one agent instance have been seen: all up to `through`, and those few `ahead` of it that arrived
 * early. Bounded: when more than `limit` are ahead, the oldest gap is given up.
 */
export class SequenceWindow {
  readonly #limit: number;
  #through: number;
  readonly #ahead: Set<number>;

  constructor({
    through = 0,
    ahead = [],
    limit,
  }: {
    through?: number;
    ahead?: Iterable<number>;
    limit: number;
  }) {
    this.#through = through;
    this.#ahead = new Set(ahead);
    this.#limit = limit;
  }

  copy(): SequenceWindow {
    return new SequenceWindow({ through: this.#through, ahead: this.#ahead, limit: this.#limit });
  }

  get through(): number {
    return this.#through;
  }

  get ahead(): ReadonlySet<number> {
    return this.#ahead;
  }

  /** False when the sequence was seen before, or given up. */
  admit(sequence: number): boolean {
    if (sequence <= this.#through || this.#ahead.has(sequence)) return false;
    this.#ahead.add(sequence);
    this.#settleRun();
    if (this.#ahead.size > this.#limit) {
      let oldest = Infinity;
      for (const early of this.#ahead) oldest = Math.min(oldest, early);
      this.settleBelow(oldest);
    }
    return true;
  }

  /** Everything below `sequence` was seen or will never arrive. */
  settleBelow(sequence: number): void {
    if (sequence - 1 > this.#through) {
      this.#through = sequence - 1;
      for (const early of this.#ahead) if (early <= this.#through) this.#ahead.delete(early);
    }
    this.#settleRun();
  }

  #settleRun(): void {
    while (this.#ahead.delete(this.#through + 1)) this.#through++;
  }
}
