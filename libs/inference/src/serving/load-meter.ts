/** Loads are averaged over this window, ms. */
export const WINDOW_MS = 5_000;
const BUCKET_MS = 100;
// The window's full buckets, and the one in progress.
const BUCKETS = WINDOW_MS / BUCKET_MS + 1;

/** Averages of the last 5 s. */
export interface WindowedLoad {
  /** ρ: share of the slots' time spent serving, 0..1. */
  readonly utilization: number;
  /** W̄: mean expected wait of a new arrival, ms. */
  readonly meanBacklogMs: number;
  /** κ = λ / (1 − min(0.95, ρ)), requests per ms; 0 when idle. */
  readonly congestionPerMs: number;
}

/** Integrates arrivals, busy slots and backlog over a sliding window, in constant memory. */
export class LoadMeter {
  readonly #slots: number;
  readonly #startedAt: number;
  readonly #arrivals = new WindowSum();
  readonly #busyMs = new WindowSum();
  /** Integral of the backlog, ms². */
  readonly #backlog = new WindowSum();
  #at: number;
  #bucketEndsAt: number;
  #inService = 0;
  #freeAt: number;

  constructor({ slots, now }: { slots: number; now: number }) {
    this.#slots = slots;
    this.#startedAt = this.#at = this.#freeAt = now;
    this.#bucketEndsAt = now + BUCKET_MS;
  }

  arrived(now: number): void {
    this.#advance(now);
    this.#arrivals.add(1);
  }

  /** From `now` on, `inService` slots are busy and a new arrival is expected to start at `freeAt`. */
  changed({ now, inService, freeAt }: { now: number; inService: number; freeAt: number }): void {
    this.#advance(now);
    this.#inService = inService;
    this.#freeAt = freeAt;
  }

  read(now: number): WindowedLoad {
    this.#advance(now);
    // A process younger than the window is averaged over its life, and over 1 s at least.
    const coveredMs = WINDOW_MS + BUCKET_MS - (this.#bucketEndsAt - now);
    const spanMs = Math.min(coveredMs, Math.max(1_000, now - this.#startedAt));
    // Rounding may take a node that is always busy beyond 1.
    const utilization = Math.min(1, this.#busyMs.total / (spanMs * this.#slots));
    const arrivalsPerMs = this.#arrivals.total / spanMs;
    return {
      utilization,
      meanBacklogMs: this.#backlog.total / spanMs,
      congestionPerMs: arrivalsPerMs / (1 - Math.min(0.95, utilization)),
    };
  }

  #advance(now: number): void {
    if (now - this.#at > 2 * WINDOW_MS) this.#skipTo(now - WINDOW_MS - BUCKET_MS);
    while (this.#at < now) {
      const until = Math.min(now, this.#bucketEndsAt);
      this.#busyMs.add(this.#inService * (until - this.#at));
      this.#backlog.add(triangle(this.#freeAt - this.#at) - triangle(this.#freeAt - until));
      this.#at = until;
      if (until === this.#bucketEndsAt) this.#nextBucket();
    }
  }

  #nextBucket(): void {
    this.#bucketEndsAt += BUCKET_MS;
    for (const series of [this.#arrivals, this.#busyMs, this.#backlog]) series.nextBucket();
  }

  /** After a long silence only the last window matters; skip what came before. */
  #skipTo(at: number): void {
    for (const series of [this.#arrivals, this.#busyMs, this.#backlog]) series.clear();
    this.#at = at;
    this.#bucketEndsAt = at + BUCKET_MS;
  }
}

/** A sum over the window. What full buckets hold is added up once a bucket, as loads are read with every frame. */
class WindowSum {
  readonly #buckets = new Float64Array(BUCKETS);
  #bucket = 0;
  /** Of all buckets but the one in progress. */
  #before = 0;

  get total(): number {
    return this.#before + this.#buckets[this.#bucket]!;
  }

  add(value: number): void {
    this.#buckets[this.#bucket]! += value;
  }

  nextBucket(): void {
    this.#bucket = (this.#bucket + 1) % BUCKETS;
    this.#buckets[this.#bucket] = 0;
    this.#before = this.#buckets.reduce((sum, value) => sum + value, 0);
  }

  clear(): void {
    this.#buckets.fill(0);
    this.#before = 0;
  }
}

/** Integral of max(0, x) from 0 to x. */
const triangle = (x: number) => (x > 0 ? (x * x) / 2 : 0);
