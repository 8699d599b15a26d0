import { AlreadyExists, ResourceExhausted } from '@weir/base';

/** One pending answer. */
interface Entry<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Requests sent and not yet answered, by id; at most `limit`. */
export class InFlight<Answer> {
  readonly #limit: number;
  readonly #entries = new Map<string, Entry<Answer>>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Settles when `resolve` or `reject` is called for `id`. Throws ResourceExhausted when full. */
  add(id: string): Promise<Answer> {
    if (this.#entries.size >= this.#limit)
      throw new ResourceExhausted(`${this.#limit} requests are in flight already`, {
        reason: 'IN_FLIGHT_LIMIT',
      });
    if (this.#entries.has(id)) throw new AlreadyExists(`request ${id} is in flight already`);
    return new Promise((resolve, reject) => this.#entries.set(id, { resolve, reject }));
  }

  /** False when nothing by that id is in flight any more. */
  resolve(id: string, answer: Answer): boolean {
    const entry = this.#take(id);
    entry?.resolve(answer);
    return entry !== undefined;
  }

  /** False when nothing by that id is in flight any more. */
  reject(id: string, error: unknown): boolean {
    const entry = this.#take(id);
    entry?.reject(error);
    return entry !== undefined;
  }

  rejectAll(error: unknown): void {
    for (const id of [...this.#entries.keys()]) this.reject(id, error);
  }

  #take(id: string): Entry<Answer> | undefined {
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    return entry;
  }
}
