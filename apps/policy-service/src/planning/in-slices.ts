import { type Clock, type Steps, threadProcessorMs } from '@weir/base';
import type { Turnstile } from './turnstile.ts';

/** How long steps run on before whatever else waits is seen to, ms. */
const sliceMs = 5;
/**
 * Processor time of a slice, at least, ms: where others keep the processor busy, steps must not take a turn of the event loop
 * for each.
 */
const leastProcessorMs = 4;

export interface InSlicesOptions {
  readonly clock: Clock;
  /** Where each slice but the first waits for its turn. */
  readonly turnstile: Turnstile;
  /** Processor time that this thread has had, ms. @default threadProcessorMs */
  readonly processorMs?: (() => number) | undefined;
  /** Called once, when all is done, has failed or is given up. */
  readonly onEnd: () => void;
}

/** What the steps come to, or what they throw; done in slices. */
export function inSlices<T>(
  steps: Steps<T>,
  options: Pick<InSlicesOptions, 'clock' | 'turnstile'>,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  function* telling(): Steps<void> {
    try {
      resolve(yield* steps);
    } catch (error) {
      reject(error);
    }
  }
  new InSlices(telling(), { ...options, onEnd: () => {} }).run();
  return promise;
}

/**
 * Steps on the thread that serves: for a few milliseconds at a time, and in between whoever waits is served. Given up when it
 * is disposed.
 */
export class InSlices implements Disposable {
  readonly #steps: Steps<unknown>;
  readonly #clock: Clock;
  readonly #turnstile: Turnstile;
  readonly #processorMs: () => number;
  readonly #onEnd: () => void;
  #cancel: (() => void) | undefined;
  #over = false;

  constructor(
    steps: Steps<unknown>,
    { clock, turnstile, processorMs = threadProcessorMs, onEnd }: InSlicesOptions,
  ) {
    this.#steps = steps;
    this.#clock = clock;
    this.#turnstile = turnstile;
    this.#processorMs = processorMs;
    this.#onEnd = onEnd;
  }

  /** The next slice, and by itself those after it. Throws what a step throws. */
  run(): void {
    const until = this.#clock.now() + sliceMs;
    const least = this.#processorMs() + leastProcessorMs;
    this.#go((value) => value === 'rest' || (this.#clock.now() >= until && this.#processorMs() >= least));
    if (!this.#over) this.#cancel = this.#turnstile.rest(() => this.run());
  }

  /** All that is left, at once. */
  finish(): void {
    this.#go(() => false);
  }

  [Symbol.dispose](): void {
    if (this.#over) return;
    try {
      this.#steps.return(undefined);
    } finally {
      this.#end();
    }
  }

  #go(stops: (value: 'rest' | undefined) => boolean): void {
    this.#cancel?.();
    let done = false;
    try {
      for (let step = this.#steps.next(); ; step = this.#steps.next()) {
        if (step.done) done = true;
        if (step.done || stops(step.value)) return;
      }
    } catch (error) {
      done = true;
      throw error;
    } finally {
      if (done) this.#end();
    }
  }

  #end(): void {
    this.#over = true;
    this.#cancel?.();
    this.#onEnd();
  }
}
