import { type Clock, DeadlineExceeded, ResourceExhausted } from '@weir/base';
import type { policy } from '@weir/proto';
import { limits } from '@weir/wire';

/** Questions to one agent that may be under way at once. */
const mostAsked = 8;
/** How long an agent has for its answer, ms. */
const answerMs = 5_000;

interface Asked {
  readonly resolve: (decisions: readonly policy.TracedDecision[]) => void;
  readonly reject: (error: Error) => void;
}

/** What an operator asks one agent about its last decisions, on its way there and back. */
export class DecisionQuestions {
  readonly #send: (wanted: policy.DecisionsWanted) => void;
  readonly #clock: Clock;
  readonly #asked = new Map<bigint, Asked>();
  #last = 0n;

  constructor(send: (wanted: policy.DecisionsWanted) => void, clock: Clock) {
    this.#send = send;
    this.#clock = clock;
  }

  /** Rejects with DeadlineExceeded for an agent that does not answer, ResourceExhausted while too many ask. */
  async ask(limit: number): Promise<readonly policy.TracedDecision[]> {
    if (this.#asked.size >= mostAsked)
      throw new ResourceExhausted(`${mostAsked} callers ask this device already; try again`);
    const id = ++this.#last;
    const { promise, resolve, reject } = Promise.withResolvers<readonly policy.TracedDecision[]>();
    this.#asked.set(id, { resolve, reject });
    const stopTimer = this.#clock.after(answerMs, () =>
      reject(
        new DeadlineExceeded(
          `the device did not tell its decisions within ${answerMs} ms; an agent of an earlier Weir knows none`,
        ),
      ),
    );
    this.#send({ id, limit });
    try {
      return (await promise).slice(0, limit);
    } finally {
      stopTimer();
      this.#asked.delete(id);
    }
  }

  /** The agent's answer; one that nobody waits for is ignored. */
  answered({ id, decisions }: policy.DecisionTrace): void {
    this.#asked.get(id)?.resolve(
      decisions.map((decision) => ({
        ...decision,
        actions: decision.actions.slice(0, limits.tracedActions),
      })),
    );
  }

  /** The agent's session is over. */
  end(reason: Error): void {
    for (const { reject } of this.#asked.values()) reject(reason);
  }
}
