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
  readonly #arrivals = new Float64Array(BUCKETS);
  readonly #busyMs = new Float64Array(BUCKETS);
  /** Integral of the backlog, ms². */
  readonly #backlog = new Float64Array(BUCKETS);
  #at: number;
  #bucketEndsAt: number;
  #bucket = 0;
  #inService = 0;
  #freeAt: number;

  constructor({ slots, now }: { slots: number; now: number }) {
    this.#slots = slots;
    this.#startedAt = this.#at = this.#freeAt = now;
    this.#bucketEndsAt = now + BUCKET_MS;
  }

  arrived(now: number): void {
    this.#advance(now);
    this.#arrivals[this.#bucket]!++;
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
    const utilization = Math.min(1, sum(this.#busyMs) / (spanMs * this.#slots));
    const arrivalsPerMs = sum(this.#arrivals) / spanMs;
    return {
      utilization,
      meanBacklogMs: sum(this.#backlog) / spanMs,
      congestionPerMs: arrivalsPerMs / (1 - Math.min(0.95, utilization)),
    };
  }

  #advance(now: number): void {
    if (now - this.#at > 2 * WINDOW_MS) this.#skipTo(now - WINDOW_MS - BUCKET_MS);
    while (this.#at < now) {
      const until = Math.min(now, this.#bucketEndsAt);
      this.#busyMs[this.#bucket]! += this.#inService * (until - this.#at);
      this.#backlog[this.#bucket]! += triangle(this.#freeAt - this.#at) - triangle(this.#freeAt - until);
      this.#at = until;
      if (until === this.#bucketEndsAt) this.#nextBucket();
    }
  }

  #nextBucket(): void {
    this.#bucket = (this.#bucket + 1) % BUCKETS;
    this.#bucketEndsAt += BUCKET_MS;
    this.#arrivals[this.#bucket] = this.#busyMs[this.#bucket] = this.#backlog[this.#bucket] = 0;
  }

  /** After a long silence only the last window matters; skip what came before. */
  #skipTo(at: number): void {
    for (const series of [this.#arrivals, this.#busyMs, this.#backlog]) series.fill(0);
    this.#at = at;
    this.#bucketEndsAt = at + BUCKET_MS;
  }
}

/** Integral of max(0, x) from 0 to x. */
const triangle = (x: number) => (x > 0 ? (x * x) / 2 : 0);
const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
