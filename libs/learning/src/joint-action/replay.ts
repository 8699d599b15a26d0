import type { Random } from '@weir/base';

/** The last `capacity` experiences. */
export class Replay<T> {
  readonly #items: T[] = [];
  readonly #capacity: number;
  #next = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#items.length;
  }

  add(item: T): void {
    this.#items[this.#next] = item;
    this.#next = (this.#next + 1) % this.#capacity;
  }

  newest(): T | undefined {
    return this.#items[(this.#next + this.#capacity - 1) % this.#capacity];
  }

  /** `count` of them, with replacement. */
  sample(random: Random, count: number): T[] {
    return Array.from({ length: count }, () => this.#items[random.integer(this.#items.length)]!);
  }

  /** Oldest first. */
  items(): T[] {
    return this.#items.length < this.#capacity
      ? [...this.#items]
      : [...this.#items.slice(this.#next), ...this.#items.slice(0, this.#next)];
  }

  clear(): void {
    this.#items.length = 0;
    this.#next = 0;
  }
}
