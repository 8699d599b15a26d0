import { type Clock, threadProcessorMs } from '@weir/base';

/** Something that is to be done at some time. */
export interface Due {
  /** ms. */
  at: number;
  readonly what: string;
  readonly run: () => void;
  /** Done before, without a passing of time. */
  readonly prepare?: () => void | Promise<void>;
}

/** Least time between two questions how much processor time has passed, ms: they take longer than most of what is timed. */
const askedEveryMs = 0.2;

/**
 * Virtual time: it passes by the processor time of this thread, and where nothing is to be computed it jumps to what is due
 * next. So a process that hardly gets the processor sees what it would see on a machine of its own.
 */
export class ProcessorClock implements Clock {
  #at: number;
  /** Processor time at which what runs was begun, ms; undefined: nothing runs. */
  #begunAt: number | undefined;
  #spentMs = 0;
  #askedAt = 0;
  /** The last is due first. */
  readonly #due: Due[] = [];

  constructor(startAt: number) {
    this.#at = startAt;
  }

  now(): number {
    if (this.#begunAt === undefined) return this.#at;
    const now = performance.now();
    if (now - this.#askedAt >= askedEveryMs)
      [this.#spentMs, this.#askedAt] = [threadProcessorMs() - this.#begunAt, now];
    return this.#at + this.#spentMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const due = { at: this.now() + Math.max(0, delayMs), what: callerOf(), run: callback };
    this.add(due);
    return () => this.#cancel(due);
  }

  every(periodMs: number, callback: () => void): () => void {
    const run = () => {
      due.at = Math.max(due.at + periodMs, this.now());
      this.add(due);
      callback();
    };
    const due: Due = { at: this.now() + periodMs, what: callerOf(), run };
    this.add(due);
    return () => this.#cancel(due);
  }

  /** In the order of their times, and of being added. */
  add(due: Due): void {
    let [low, high] = [0, this.#due.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#due[middle]!.at > due.at) low = middle + 1;
      else high = middle;
    }
    this.#due.splice(low, 0, due);
  }

  /** Does what is due next, with all promises that follow from it. How long it held the thread, ms. */
  async next(): Promise<{ due: Due; startedAt: number; ms: number }> {
    const due = this.#due.pop()!;
    const startedAt = (this.#at = Math.max(this.#at, due.at));
    await due.prepare?.();
    [this.#begunAt, this.#spentMs, this.#askedAt] = [threadProcessorMs(), 0, performance.now()];
    due.run();
    await new Promise<void>((resolve) => setImmediate(resolve));
    const ms = threadProcessorMs() - this.#begunAt;
    this.#begunAt = undefined;
    this.#at += ms;
    return { due, startedAt, ms };
  }

  #cancel(due: Due): void {
    const at = this.#due.indexOf(due);
    if (at >= 0) this.#due.splice(at, 1);
  }
}

/** Whoever asks for a timer, FILE:LINE. */
const callerOf = (): string =>
  new Error()
    .stack!.split('\n')[3]!
    .replace(/^.*[/]/, '')
    .replace(/:\d+\)?$/, '');
