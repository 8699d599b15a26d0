import type { NodeLoad } from '@weir/domain';

/** Time in which a reported backlog relaxes to its mean, ms. Source: docs/learning.md, "On the device". */
const RELAXATION_MS = 80;

/** A congestion price that is not renewed fades: an idle tier must not stay locked out. */
const CONGESTION_WINDOW_MS = 5_000;

/** A node that has not been heard of for so long is left alone until it answers. Source: docs/learning.md, "On the device". */
export const SILENCE_MS = 5_000;

/** Time between two probes of a node that is silent or unreachable, ms. */
const PROBE_PERIOD_MS = 1_000;

/** Without a report for so long, the waits that own frames met stand in for the node's mean backlog. */
const REPORT_LOST_MS = 2_000;

/** Weight of a newly met wait in the mean of the waits met. */
const WAIT_WEIGHT = 1 / 8;

/** Most frames in flight that are kept account of; beyond it the oldest are forgotten. */
const IN_FLIGHT_LIMIT = 4_096;

/** Weight of a new relative prediction error in its variance. */
const ERROR_WEIGHT = 1 / 32;

/** Work of one frame that this device has sent to the node and that has not come back. */
export interface WorkInFlight {
  readonly at: number;
  readonly workMs: number;
  /** True once a report that may contain it has arrived. */
  seen: boolean;
}

/** What one device knows of one remote node. Times in ms. */
export class TierTracker {
  readonly nodeId: string;
  #load: NodeLoad | undefined;
  #reportedAt = -Infinity;
  #roundTripMs = 0;
  #heardAt = -Infinity;
  #probedAt = -Infinity;
  #reachable = false;
  readonly #inFlight: WorkInFlight[] = [];
  #seenMs = 0;
  #unseenMs = 0;
  #relativeVariance = 0.15 ** 2;
  #metWaitMs = 0;
  #metWaitAt = -Infinity;

  /** Of the last `refresh`: expected wait and congestion price (per ms), read by the dispatch rule. */
  waitMs = 0;
  congestionPerMs = 0;
  slots = 1;
  usable = false;

  constructor(nodeId: string) {
    this.nodeId = nodeId;
  }

  get load(): NodeLoad | undefined {
    return this.#load;
  }

  loadAgeMs(now: number): number {
    return now - this.#reportedAt;
  }

  /** σ of log(actual / predicted) response time. */
  get spread(): number {
    return Math.sqrt(this.#relativeVariance);
  }

  /** The node's own word about its load; also proves that it lives. */
  report(load: NodeLoad, now: number, roundTripMs: number): void {
    this.#load = load;
    this.#reportedAt = now;
    this.#roundTripMs = roundTripMs;
    this.slots = Math.max(1, load.slots);
    this.setReachable(true, now);
    this.#seenMs = 0;
    this.#unseenMs = 0;
    for (const work of this.#inFlight) {
      // What was sent within the last round trip cannot have arrived before the report left.
      work.seen ||= work.at <= now - roundTripMs;
      if (work.seen) this.#seenMs += work.workMs;
      else this.#unseenMs += work.workMs;
    }
  }

  /** True: its link stands or it has answered. False: it is down until told otherwise or until it reports. */
  setReachable(reachable: boolean, now: number): void {
    this.#reachable = reachable;
    if (reachable) this.#heardAt = now;
  }

  isUsable(now: number): boolean {
    return this.#reachable && now - this.#heardAt <= SILENCE_MS;
  }

  /** True, at most once a second, while the node is not usable and should be asked for a sign of life. */
  probeDue(now: number): boolean {
    if (this.isUsable(now) || now - this.#probedAt < PROBE_PERIOD_MS) return false;
    this.#probedAt = now;
    return true;
  }

  /**
   * Ŵ = W̄ + (W − W̄)·exp(−age/τ) + own work in flight / slots. Relaxing to the mean keeps devices that read the same
   * report from running after each other. `regular`: own frames come as by a clock; then the mean of the waits that
   * they met is W̄. The own work that a report already holds comes back in as the report fades.
   */
  refresh(now: number, regular: boolean): void {
    this.usable = this.isUsable(now);
    const load = this.#load;
    const ageMs = Math.max(0, now - this.#reportedAt);
    if (!load || ageMs > REPORT_LOST_MS) {
      const metMs = this.#metWaitMs * Math.exp(-Math.max(0, now - this.#metWaitAt) / CONGESTION_WINDOW_MS);
      this.waitMs = metMs + (this.#seenMs + this.#unseenMs) / this.slots;
      this.congestionPerMs = (load?.congestionPerMs ?? 0) * Math.exp(-ageMs / CONGESTION_WINDOW_MS);
      return;
    }
    const fresh = Math.exp(-ageMs / RELAXATION_MS);
    let meanMs = load.meanBacklogMs;
    // Frames that come as by a clock meet the tier in the same phase each time, not in its mean state.
    if (regular) {
      const known = Math.exp(-Math.max(0, now - this.#metWaitAt) / CONGESTION_WINDOW_MS);
      meanMs += (this.#metWaitMs - meanMs) * known;
    }
    // What stood there when the report was sent is worked off by the time that a frame sent now arrives.
    const restMs = Math.max(0, load.backlogMs - ageMs - this.#roundTripMs);
    const backlogMs = meanMs + (restMs - meanMs) * fresh;
    const ownMs = this.#unseenMs + this.#seenMs * (1 - fresh);
    this.waitMs = backlogMs + ownMs / this.slots;
    this.congestionPerMs = load.congestionPerMs * Math.exp(-ageMs / CONGESTION_WINDOW_MS);
  }

  sent(workMs: number, now: number): WorkInFlight {
    const work = { at: now, workMs, seen: false };
    if (this.#inFlight.length >= IN_FLIGHT_LIMIT) this.returned(this.#inFlight[0]!, false, now);
    this.#inFlight.push(work);
    this.#unseenMs += workMs;
    return work;
  }

  /** The frame came back (then the node lives) or failed. */
  returned(work: WorkInFlight, ok: boolean, now: number): void {
    const index = this.#inFlight.indexOf(work);
    if (index < 0) return;
    this.#inFlight[index] = this.#inFlight.at(-1)!;
    this.#inFlight.pop();
    if (work.seen) this.#seenMs = Math.max(0, this.#seenMs - work.workMs);
    else this.#unseenMs = Math.max(0, this.#unseenMs - work.workMs);
    if (ok && this.#reachable) this.#heardAt = now;
  }

  /** The wait that an own frame met at the node. */
  observeWait(waitMs: number, now: number): void {
    this.#metWaitMs += WAIT_WEIGHT * (waitMs - this.#metWaitMs);
    this.#metWaitAt = now;
  }

  /** Learns how far predictions for this node go wrong. */
  observeError(predictedMs: number, actualMs: number): void {
    if (predictedMs <= 0 || actualMs <= 0) return;
    const error = Math.log(actualMs / predictedMs);
    this.#relativeVariance += ERROR_WEIGHT * (error * error - this.#relativeVariance);
  }
}
