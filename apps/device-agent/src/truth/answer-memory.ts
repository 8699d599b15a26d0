import { AlreadyExists, type Clock, NotFound } from '@weir/base';

/** What is remembered of an answer. */
export interface GivenAnswer {
  readonly label: string;
  /** Of the first look. */
  readonly firstLabel: string;
  /** Accuracy promised, 0..1. */
  readonly promised: number;
  /** Of the correction in force: what the promise was lowered by, 0..1. */
  readonly shortfall: number;
  /** The canary in whose trial the frame took part, and whether that one answered first. @default none */
  readonly trial?: { readonly canary: string; readonly byCanary: boolean } | undefined;
}

/** The newest answers by request id, at most `limit` and none older than `keepMs`. */
export class AnswerMemory {
  readonly #limit: number;
  readonly #keepMs: number;
  readonly #clock: Clock;
  /** The oldest first; undefined in place of an answer that has been recalled. */
  readonly #answers = new Map<string, { readonly at: number; answer: GivenAnswer | undefined }>();

  constructor({
    clock,
    limit = 10_000,
    keepMs = 3_600_000,
  }: {
    clock: Clock;
    limit?: number;
    keepMs?: number;
  }) {
    this.#clock = clock;
    this.#limit = limit;
    this.#keepMs = keepMs;
  }

  /** An earlier answer with the same id is forgotten. */
  add(requestId: string, answer: GivenAnswer): void {
    // Delete first: the newest has to be the last.
    this.#answers.delete(requestId);
    this.#answers.set(requestId, { at: this.#clock.now(), answer });
    for (const [oldest, { at }] of this.#answers) {
      if (this.#answers.size <= this.#limit && !this.#expired(at)) break;
      this.#answers.delete(oldest);
    }
  }

  /** Each answer once. Throws NotFound for one that is not remembered, AlreadyExists the second time. */
  recall(requestId: string): GivenAnswer {
    const remembered = this.#answers.get(requestId);
    if (!remembered || this.#expired(remembered.at))
      throw new NotFound(
        `no such frame among the last ${this.#limit} answered within ${this.#keepMs / 60_000} minutes, since the agent started`,
        { reason: 'ANSWER_UNKNOWN' },
      );
    const { answer } = remembered;
    if (!answer) throw new AlreadyExists("this answer's truth has been told", { reason: 'TOLD_ALREADY' });
    remembered.answer = undefined;
    return answer;
  }

  get size(): number {
    return this.#answers.size;
  }

  #expired(at: number): boolean {
    return this.#clock.now() - at > this.#keepMs;
  }
}
