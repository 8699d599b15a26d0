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
    return [...this.#items.slice(this.#next), ...this.#items.slice(0, this.#next)];
  }

  /** By slot, with the one to be written next: what is sampled depends on where each stands. */
  state(): ReplayState<T> {
    return { slots: [...this.#items], next: this.#next };
  }

  restore({ slots, next }: ReplayState<T>): void {
    this.#items.length = 0;
    this.#items.push(...slots);
    this.#next = next;
  }
}

export interface ReplayState<T> {
  readonly slots: readonly T[];
  readonly next: number;
}

/** What keeps a saved replay from being one of this capacity, or undefined. */
export function replayFault({ slots, next }: ReplayState<unknown>, capacity: number): string | undefined {
  if (slots.length > capacity) return `expected at most ${capacity} experiences, got ${slots.length}`;
  const good = slots.length < capacity ? next === slots.length : next < capacity;
  return good ? undefined : `there is no slot ${next} to be written next`;
}
