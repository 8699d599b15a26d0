/** How a target did with one frame. `slow`: it answered, but far later than its own time was expected to be. */
export type Verdict = 'good' | 'failed' | 'slow';

export interface Ejection {
  /** E.g. `5 failures in a row`. */
  readonly reason: string;
  readonly since: number;
  /** Instant from which a probe may go there. */
  readonly until: number;
}

/** Slow answers in a row after which a target is an outlier. */
const SLOW_IN_A_ROW = 5;

/** Weight of the newest frame in the share of failures: about the last sixteen count. */
const FAILURE_WEIGHT = 1 / 16;

/** Share of failures from which a target is an outlier though it answers in between. */
const MOST_FAILURES = 0.5;

/** First pause of an ejected target, ms; the n-th is n times as long. */
const BASE_PAUSE_MS = 5_000;

/** Longest pause, ms. */
const LONGEST_PAUSE_MS = 60_000;

/** Good behaviour, ms, that makes one earlier ejection forgotten. */
const FORGIVEN_AFTER_MS = 10_000;

/** A probe that nobody has settled within this time, ms, is taken for lost. */
const PROBE_LOST_MS = 15_000;

/**
 * Outlier detection with growing pauses, as Envoy does it: in use → ejected → probed → in use again, or ejected for
 * longer. Pure; times in ms of the dispatcher's clock.
 */
export class OutlierCircuit {
  readonly #patience: number;
  #failedInARow = 0;
  #slowInARow = 0;
  #failureShare = 0;
  #times = 0;
  #returnedAt = -Infinity;
  #probedAt = -Infinity;
  #ejection: Ejection | undefined;

  /** `patience`: failures in a row that make an outlier. */
  constructor(patience: number) {
    this.#patience = patience;
  }

  get ejection(): Ejection | undefined {
    return this.#ejection;
  }

  /** Takes one frame's verdict. Returns why the target is an outlier now, if it is. */
  observe(verdict: Verdict): string | undefined {
    const failed = verdict === 'failed';
    this.#failedInARow = failed ? this.#failedInARow + 1 : 0;
    if (!failed) this.#slowInARow = verdict === 'slow' ? this.#slowInARow + 1 : 0;
    this.#failureShare += FAILURE_WEIGHT * ((failed ? 1 : 0) - this.#failureShare);
    if (this.#failedInARow >= this.#patience) return `${this.#failedInARow} failures in a row`;
    if (this.#failureShare >= MOST_FAILURES) return 'half of its frames fail';
    if (this.#slowInARow >= SLOW_IN_A_ROW)
      return `${this.#slowInARow} answers in a row far slower than expected`;
    return undefined;
  }

  /** Returns the pause, ms. */
  eject(reason: string, now: number): number {
    const forgiven = Math.floor(Math.max(0, now - this.#returnedAt) / FORGIVEN_AFTER_MS);
    this.#times = Math.max(0, this.#times - forgiven) + 1;
    return this.#pause(reason, now);
  }

  /** True once for each probe that is to be sent: after the pause, one at a time. */
  probeDue(now: number): boolean {
    if (!this.#ejection || now < this.#ejection.until || now - this.#probedAt < PROBE_LOST_MS) return false;
    this.#probedAt = now;
    return true;
  }

  /** The probe did well: in use again. */
  restore(now: number): void {
    this.#ejection = undefined;
    this.#returnedAt = now;
    this.#failedInARow = 0;
    this.#slowInARow = 0;
    this.#failureShare = 0;
    this.#probedAt = -Infinity;
  }

  /** The probe did no better: ejected again, for longer. Returns the pause, ms. */
  prolong(now: number): number {
    this.#times++;
    return this.#pause(this.#ejection?.reason ?? '', now);
  }

  #pause(reason: string, now: number): number {
    const pauseMs = Math.min(LONGEST_PAUSE_MS, this.#times * BASE_PAUSE_MS);
    this.#ejection = { reason, since: now, until: now + pauseMs };
    this.#probedAt = -Infinity;
    return pauseMs;
  }
}
