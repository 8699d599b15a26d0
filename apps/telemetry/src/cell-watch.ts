/**
 * What one watcher has not been sent yet of a set of keyed states. Only the newest state of each is kept, so a watcher that
 * falls behind skips states and never delays others nor fills memory: at most
 * one entry waits for each current state, and one for each that is gone but known to the watcher.
 */
export class CellWatch<State> implements Disposable {
  readonly #keyOf: (state: State) => string;
  readonly #onClosed: () => void;
  #pending: Map<string, State>;
  /** Keys that the watcher believes to exist. */
  readonly #known = new Set<string>();
  #removedKeys = new Set<string>();
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(
    states: readonly State[],
    keyOf: (state: State) => string,
    { onClosed }: { onClosed: () => void },
  ) {
    this.#keyOf = keyOf;
    this.#onClosed = onClosed;
    this.#pending = new Map(states.map((state) => [keyOf(state), state]));
  }

  get closed(): boolean {
    return this.#closed;
  }

  changed(state: State): void {
    const key = this.#keyOf(state);
    this.#removedKeys.delete(key);
    this.#put(key, state);
  }

  /** `state` is the last of its key; skipped when the watcher never heard of the key. */
  removed(state: State): void {
    const key = this.#keyOf(state);
    if (!this.#known.has(key)) return void this.#pending.delete(key);
    this.#removedKeys.add(key);
    this.#put(key, state);
  }

  /** What is pending now, newest first; may be empty. */
  take(): State[] {
    const states = [...this.#pending.values()].reverse();
    for (const key of this.#pending.keys()) this.#known.add(key);
    for (const key of this.#removedKeys) this.#known.delete(key);
    this.#pending = new Map();
    this.#removedKeys = new Set();
    return states;
  }

  /** Resolves once something is pending or the watch is closed. One caller at a time. */
  async changes(): Promise<void> {
    while (this.#pending.size === 0 && !this.#closed)
      await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClosed();
    this.#wake?.();
  }

  #put(key: string, state: State): void {
    // Delete first, so that entries are ordered by their newest states.
    this.#pending.delete(key);
    this.#pending.set(key, state);
    this.#wake?.();
  }
}
