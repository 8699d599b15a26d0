import { ResourceExhausted, type WeirErrorOptions } from '@weir/base';
import type { CallCaller } from './call-caller.ts';

/** There are places for so many, and a caller asked for one more; the server counts it as refused. */
export class QuotaExceeded extends ResourceExhausted {
  /** @param quota what is bounded, in one word */
  constructor(quota: string, message: string, options: WeirErrorOptions = {}) {
    super(message, { ...options, info: { ...options.info, quota } });
  }
}

export interface QuotaOptions {
  /** What is counted, in one word, e.g. `cells`. */
  readonly of: string;
  /** How many one caller may hold. */
  readonly perCaller: number;
  /** What the caller may do about it, e.g. `leave some, or raise --cells-per-caller`. */
  readonly cure: string;
}

/** What each caller holds of something, each by its name. */
export class Quota {
  readonly #options: QuotaOptions;
  readonly #holders = new Map<string, string>();

  constructor(options: QuotaOptions) {
    this.#options = options;
  }

  /** Whether the caller holds as many as it may. */
  isSpent(caller: CallCaller): boolean {
    return this.heldBy(caller).length >= this.#options.perCaller;
  }

  /** What the caller holds. */
  heldBy({ id }: CallCaller): string[] {
    return [...this.#holders].flatMap(([name, holder]) => (holder === id ? [name] : []));
  }

  /** Throws QuotaExceeded when the caller holds as many as it may. */
  take(name: string, caller: CallCaller): void {
    const { of, perCaller, cure } = this.#options;
    if (this.isSpent(caller))
      throw new QuotaExceeded(
        of,
        `${caller.id} has ${perCaller} ${of}, the most that one caller may have: ${cure}`,
        {
          retryAfterMs: 5_000,
          info: { caller: caller.id },
        },
      );
    this.#holders.set(name, caller.id);
  }

  /** Nobody holds it any more. */
  release(name: string): void {
    this.#holders.delete(name);
  }
}
