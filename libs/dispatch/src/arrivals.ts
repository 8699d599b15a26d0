/** Time constant of every rate on the device, ms. Source: docs/learning.md, "On the device". */
const WINDOW_MS = 5_000;

/** A window counts as at least this long, ms: the first moments say nothing about a rate. */
const SHORTEST_WINDOW_MS = 1_000;

/** Weight of the newest gap in the arrival statistics, an average of about the last sixteen. */
const GAP_WEIGHT = 1 / 16;

/** Arrivals with a smaller ca² count as regular. */
const REGULAR_VARIABILITY = 0.1;

/** Rate of events and of the work they bring, averaged exponentially over the last WINDOW_MS. */
export class RateMeter {
  readonly #startedAt: number;
  #events = 0;
  #workMs = 0;
  #at = -Infinity;

  /** `startedAt`: when counting began, ms; a window that is not full yet must not pass for a low rate. */
  constructor(startedAt = -Infinity) {
    this.#startedAt = startedAt;
  }

  /** Counts one event at `now`, ms, that brings `workMs` of work. */
  add(now: number, workMs = 0): void {
    const kept = this.#kept(now);
    this.#events = this.#events * kept + 1;
    this.#workMs = this.#workMs * kept + workMs;
    this.#at = now;
  }

  /** λ, events per ms; decays to 0 once nothing arrives. */
  perMs(now: number): number {
    return this.load(now).perMs;
  }

  /** λ with the work per ms: the utilization ρ of a single slot that does all of it. */
  load(now: number): { readonly perMs: number; readonly utilization: number } {
    const kept = this.#kept(now);
    const windowMs = this.#windowMs(now);
    return { perMs: (this.#events * kept) / windowMs, utilization: (this.#workMs * kept) / windowMs };
  }

  #windowMs(now: number): number {
    const openMs = Math.max(SHORTEST_WINDOW_MS, now - this.#startedAt);
    return WINDOW_MS * (1 - Math.exp(-openMs / WINDOW_MS));
  }

  #kept(now: number): number {
    return Math.exp(-Math.max(0, now - this.#at) / WINDOW_MS);
  }
}

/** How often, and how regularly, a device's frames arrive. */
export class ArrivalMeter {
  readonly #rate: RateMeter;
  #lastAt = -Infinity;
  #gaps = 0;
  #meanGapMs = 0;
  #meanSquaredGap = 0;

  constructor(startedAt: number) {
    this.#rate = new RateMeter(startedAt);
  }

  add(now: number): void {
    this.#rate.add(now);
    const gapMs = now - this.#lastAt;
    this.#lastAt = now;
    // Leave pauses out: they would hide how regular the stream is.
    if (gapMs > WINDOW_MS) return;
    const weight = Math.max(GAP_WEIGHT, 1 / ++this.#gaps);
    this.#meanGapMs += weight * (gapMs - this.#meanGapMs);
    this.#meanSquaredGap += weight * (gapMs * gapMs - this.#meanSquaredGap);
  }

  /** λ over the last 5 s, frames per ms; 0 when idle. */
  perMs(now: number): number {
    return this.#rate.perMs(now);
  }

  /** ca² = E[gap²]/E[gap]² − 1: 0 periodic, 1 Poisson, above 1 bursty; 1 until four gaps are known. */
  get variability(): number {
    if (this.#gaps < 4 || this.#meanGapMs <= 0) return 1;
    return Math.max(0, this.#meanSquaredGap / (this.#meanGapMs * this.#meanGapMs) - 1);
  }

  /** True when frames arrive like clockwork. */
  get regular(): boolean {
    return this.variability < REGULAR_VARIABILITY;
  }

  /** o = max(0, 1 − ca²) · E[gap]: time after this frame in which no other of the device is expected, ms; 0 for Poisson. */
  get quietMs(): number {
    return Math.max(0, 1 - this.variability) * this.#meanGapMs;
  }
}
