/** Window of every rate on the device, ms. Source: docs/learning.md, "On the device". */
const WINDOW_MS = 5_000;

/** The first moments of a window say nothing, ms. */
const SHORTEST_WINDOW_MS = 1_000;

/** Weight of the newest gap in the arrival statistics: about the last sixteen frames count. */
const GAP_WEIGHT = 1 / 16;

/** ca² below which arrivals count as regular. */
const REGULAR_VARIABILITY = 0.1;

/** A frequency of events and the work that they bring, over a sliding window that forgets exponentially. */
export class RateMeter {
  readonly #startedAt: number;
  #events = 0;
  #workMs = 0;
  #at = -Infinity;

  /** `startedAt`: since when events could come, ms; a window that is not full yet is not read as a low rate. */
  constructor(startedAt = -Infinity) {
    this.#startedAt = startedAt;
  }

  /** Counts one event at `now`, ms, which brings `workMs` of work. */
  add(now: number, workMs = 0): void {
    const kept = this.#kept(now);
    this.#events = this.#events * kept + 1;
    this.#workMs = this.#workMs * kept + workMs;
    this.#at = now;
  }

  /** Events per ms; decays to 0 when nothing comes any more. */
  perMs(now: number): number {
    return (this.#events * this.#kept(now)) / this.#windowMs(now);
  }

  /** Work per ms, i.e. the share of time in use when the work is done one piece at a time. */
  utilization(now: number): number {
    return (this.#workMs * this.#kept(now)) / this.#windowMs(now);
  }

  #windowMs(now: number): number {
    const openMs = Math.max(SHORTEST_WINDOW_MS, now - this.#startedAt);
    return WINDOW_MS * (1 - Math.exp(-openMs / WINDOW_MS));
  }

  #kept(now: number): number {
    return Math.exp(-Math.max(0, now - this.#at) / WINDOW_MS);
  }
}

/** How a device's frames arrive: how often, and how regularly. */
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
    // A pause is not a gap between frames of one stream: it would hide how regular the stream is.
    if (gapMs > WINDOW_MS) return;
    const weight = Math.max(GAP_WEIGHT, 1 / ++this.#gaps);
    this.#meanGapMs += weight * (gapMs - this.#meanGapMs);
    this.#meanSquaredGap += weight * (gapMs * gapMs - this.#meanSquaredGap);
  }

  /** Frames per ms over the last 5 s; 0 when idle. */
  perMs(now: number): number {
    return this.#rate.perMs(now);
  }

  /** Squared coefficient of variation of the gaps, 0 (periodic) .. 1 (Poisson) and above; 1 until four gaps are known. */
  get variability(): number {
    if (this.#gaps < 4 || this.#meanGapMs <= 0) return 1;
    return Math.max(0, this.#meanSquaredGap / (this.#meanGapMs * this.#meanGapMs) - 1);
  }

  /** True when frames come as by a clock. */
  get regular(): boolean {
    return this.variability < REGULAR_VARIABILITY;
  }

  /** o = (1 − ca²)/λ: how long after this frame the next one cannot be expected, ms; 0 when arrivals are random. */
  get quietMs(): number {
    return Math.max(0, 1 - this.variability) * this.#meanGapMs;
  }
}
