/** One direction of a link. */
export interface LinkConditions {
  /** From the last bit sent to the last bit received, ms, >= 0. */
  readonly delayMs: number;
  /** Rate at which bits leave the sender, > 0; Infinity for no limit. */
  readonly bitsPerSecond: number;
}

interface Parcel<T> {
  readonly content: T;
  readonly bytes: number;
  readonly arrivedAt: number;
}

/**
 * One direction of a link in pure form; the caller passes the time, which never goes back. A parcel waits its turn,
 * occupies the line for its bytes × 8 / rate, then travels for the delay:
 *
 *     startedAt = max(arrivedAt, sentAt of the one before)
 *     sentAt    = startedAt + bytes × 8 / bitsPerSecond
 *     dueAt     = max(sentAt + delayMs, dueAt of the one before)
 *
 * New conditions apply to parcels that have not started; parcels never overtake each other.
 */
export class Lane<T> {
  #conditions: LinkConditions;
  readonly #waiting: Parcel<T>[] = [];
  readonly #travelling: { readonly content: T; readonly bytes: number; readonly dueAt: number }[] = [];
  #lineFreeAt = -Infinity;
  #lastDueAt = -Infinity;
  #frozen = false;
  #waitingBytes = 0;
  #travellingBytes = 0;

  constructor(conditions: LinkConditions) {
    this.#conditions = conditions;
  }

  get conditions(): LinkConditions {
    return this.#conditions;
  }
  /** Bytes that have not started yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }
  /** Bytes waiting or in transit. */
  get bufferedBytes(): number {
    return this.#waitingBytes + this.#travellingBytes;
  }

  /** `bytes` >= 0; an empty parcel keeps its place in the order and takes no time on the line. */
  push(content: T, bytes: number, now: number): void {
    this.#waiting.push({ content, bytes, arrivedAt: now });
    this.#waitingBytes += bytes;
    this.#start(now);
  }

  /** What has arrived by `now`, in the order in which it was pushed. */
  advance(now: number): T[] {
    this.#start(now);
    const arrived: T[] = [];
    while (!this.#frozen && this.#travelling.length > 0 && this.#travelling[0]!.dueAt <= now) {
      const { content, bytes } = this.#travelling.shift()!;
      this.#travellingBytes -= bytes;
      arrived.push(content);
    }
    return arrived;
  }

  /** When `advance` has something to do next; Infinity when empty or frozen. */
  nextAt(): number {
    if (this.#frozen) return Infinity;
    const [parcel] = this.#waiting;
    const startsAt = parcel ? Math.max(parcel.arrivedAt, this.#lineFreeAt) : Infinity;
    return Math.min(this.#travelling[0]?.dueAt ?? Infinity, startsAt);
  }

  set(conditions: Partial<LinkConditions>, now: number): void {
    this.#start(now);
    this.#conditions = { ...this.#conditions, ...conditions };
  }

  /** Nothing moves until thawed and nothing is lost, as when TCP retransmits once a lost path returns. */
  freeze(now: number): void {
    this.#start(now);
    this.#frozen = true;
  }

  thaw(now: number): void {
    this.#frozen = false;
    this.#lineFreeAt = Math.max(this.#lineFreeAt, now);
    this.#start(now);
  }

  /** Drops everything in the lane. */
  clear(): void {
    this.#waiting.length = this.#travelling.length = 0;
    this.#waitingBytes = this.#travellingBytes = 0;
  }

  /** Counts from the instants at which the line became free, so that a late timer costs no throughput. */
  #start(now: number): void {
    while (!this.#frozen && this.#waiting.length > 0) {
      const { content, bytes, arrivedAt } = this.#waiting[0]!;
      const startedAt = Math.max(arrivedAt, this.#lineFreeAt);
      if (startedAt > now) return;
      this.#waiting.shift();
      this.#lineFreeAt = startedAt + (bytes * 8_000) / this.#conditions.bitsPerSecond;
      this.#lastDueAt = Math.max(this.#lastDueAt, this.#lineFreeAt + this.#conditions.delayMs);
      this.#travelling.push({ content, bytes, dueAt: this.#lastDueAt });
      this.#waitingBytes -= bytes;
      this.#travellingBytes += bytes;
    }
  }
}
