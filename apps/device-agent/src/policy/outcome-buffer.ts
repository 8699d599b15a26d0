import type { Outcome } from '@weir/domain';

/** What one inference cost, numbered for the policy. */
export interface PendingOutcome {
  /** 1, 2, 3 … within this run of the agent; the policy counts each number once. */
  readonly sequence: bigint;
  readonly outcome: Outcome;
  /** Confidence of the answer, 0..1. */
  readonly confidence: number;
}

/**
 * Outcomes that the policy has not yet acknowledged, in order. When `limit` are held the oldest is given up and counted:
 * the newest say more about the cell as it is.
 */
export class OutcomeBuffer {
  readonly #limit: number;
  readonly #pending: PendingOutcome[] = [];
  #lastSequence = 0n;
  #dropped = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(outcome: Outcome, confidence: number): void {
    this.#lastSequence += 1n;
    this.#pending.push({ sequence: this.#lastSequence, outcome, confidence });
    if (this.#pending.length > this.#limit) {
      this.#pending.shift();
      this.#dropped += 1;
    }
  }

  /** Forgets everything up to and including `through`, and tells what that was. */
  acknowledge(through: bigint): readonly PendingOutcome[] {
    const kept = this.#pending.findIndex(({ sequence }) => sequence > through);
    return this.#pending.splice(0, kept === -1 ? this.#pending.length : kept);
  }

  /** At most `count` outcomes with a sequence above `after`, oldest first. */
  after(after: bigint, count: number): readonly PendingOutcome[] {
    const from = this.#pending.findIndex(({ sequence }) => sequence > after);
    return from === -1 ? [] : this.#pending.slice(from, from + count);
  }

  /** Oldest sequence that is or will be held: all below it never come (again). */
  get oldest(): bigint {
    return this.#pending[0]?.sequence ?? this.#lastSequence + 1n;
  }

  get pending(): number {
    return this.#pending.length;
  }

  /** Outcomes given up so far because too many were pending. */
  get dropped(): number {
    return this.#dropped;
  }
}
