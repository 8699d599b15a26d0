import { type Clock, finish, type Steps } from '@weir/base';
import { InSlices } from './in-slices.ts';
import type { Turnstile } from './turnstile.ts';

/** What can be done in slices. */
export type Work = () => Steps<unknown>;

export interface InTurnOptions {
  readonly clock: Clock;
  /** Of the process. */
  readonly turnstile: Turnstile;
  /** Done after each; at once where that was given up. */
  readonly between: () => Steps<void>;
}

/** Does in slices what a cell does, one after the other. */
export class InTurn {
  readonly #clock: Clock;
  readonly #turnstile: Turnstile;
  readonly #between: () => Steps<void>;
  readonly #waiting: Work[] = [];
  #current: { readonly work: Work; readonly slices: InSlices } | undefined;
  #cancelNext: (() => void) | undefined;

  constructor({ clock, turnstile, between }: InTurnOptions) {
    this.#clock = clock;
    this.#turnstile = turnstile;
    this.#between = between;
  }

  /** Something has been begun and is not done. */
  get isUnderWay(): boolean {
    return this.#current !== undefined;
  }

  /** Begins it, or has it wait for its turn; what waits already does not wait twice. Throws what it throws. */
  add(work: Work): void {
    if (this.#waiting.includes(work)) return;
    this.#waiting.push(work);
    if (!this.#current && !this.#cancelNext)
      this.#cancelNext = this.#turnstile.begin(() => this.#next()) ?? this.#cancelNext;
  }

  /** It is not done, or not to its end. */
  giveUp(work: Work): void {
    const at = this.#waiting.indexOf(work);
    if (at >= 0) this.#waiting.splice(at, 1);
    if (this.#current?.work === work) this.#current.slices[Symbol.dispose]();
  }

  /** Does at once all that is under way or waits. */
  finish(): void {
    while (this.#current || this.#waiting.length > 0) {
      if (!this.#current) this.#next();
      this.#current?.slices.finish();
    }
  }

  #next(): void {
    this.#cancelNext?.();
    this.#cancelNext = undefined;
    const work = this.#waiting.shift();
    if (!work) return;
    const between = this.#between;
    const steps = function* () {
      yield* work();
      yield* between();
    };
    const slices = new InSlices(steps(), {
      clock: this.#clock,
      turnstile: this.#turnstile,
      onEnd: () => this.#ended(),
    });
    this.#current = { work, slices };
    slices.run();
  }

  #ended(): void {
    this.#current = undefined;
    finish(this.#between());
    if (this.#waiting.length > 0) this.#cancelNext = this.#turnstile.rest(() => this.#next());
  }
}
