import type { NodeLoad } from '@weir/domain';
import { NodeOutliers } from './node-outliers.ts';

/** τ: time constant with which a reported backlog relaxes to its mean, ms. Source: docs/learning.md, "On the device". */
const RELAXATION_MS = 80;

/** Time constant with which κ fades between reports, ms: an idle node must not stay locked out. */
const CONGESTION_WINDOW_MS = 5_000;

/** A node silent for longer gets no frames until it answers, ms. Source: docs/learning.md, "On the device". */
export const SILENCE_MS = 5_000;

/** Period of probing a silent or unreachable node, ms. */
const PROBE_PERIOD_MS = 1_000;

/** Without a report for this long, ms, the waits that own frames met stand in for the node's mean backlog. */
const REPORT_LOST_MS = 2_000;

/** Weight of the newest wait in the mean of the waits met. */
const WAIT_WEIGHT = 1 / 8;

/** How long a node's own word of when it could begin is kept, ms: what it said may rest on frames that were given up since. */
const REFUSAL_KEPT_MS = 1_000;

/** How much longer waits count after a frame that was admitted came too late, the most of it, and how fast it fades, ms. */
const STRETCH = { step: 1.25, most: 4, windowMs: 5_000 };

/** Most frames in flight that are tracked; beyond it the oldest is forgotten. */
const IN_FLIGHT_LIMIT = 4_096;

/** Weight of the newest relative prediction error in its variance. */
const ERROR_WEIGHT = 1 / 32;

/** Work of one frame sent to the node and not yet back. */
export interface WorkInFlight {
  readonly at: number;
  readonly workMs: number;
  /** True once a report that may include it has arrived. */
  seen: boolean;
}

/** What one device knows about one remote node. Times in ms. */
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
  #refusedAt = -Infinity;
  #beginsAt = -Infinity;
  #stretched = 1;
  #stretchedAt = -Infinity;
  /** Variants that must not run there. */
  foreign: ReadonlySet<string> = new Set();
  /** How its frames have fared. */
  readonly outliers: NodeOutliers;

  /** Ŵ as of the last `refresh`. */
  waitMs = 0;
  /** What is left of the reported backlog and of own work since, times the stretch, as of the last `refresh`. */
  leastWaitMs = 0;
  /** True within a second of a frame that the node refused as too late, as of the last `refresh`. */
  refusing = false;
  /** κ · exp(−age / 5 s) as of the last `refresh`, per ms. */
  congestionPerMs = 0;
  /** c. */
  slots = 1;
  usable = false;

  constructor(nodeId: string) {
    this.nodeId = nodeId;
    this.outliers = new NodeOutliers(nodeId);
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

  /** The node's own report; also proves that it is alive. */
  report(load: NodeLoad, now: number, roundTripMs: number): void {
    this.#load = load;
    this.#reportedAt = now;
    this.#roundTripMs = roundTripMs;
    this.slots = Math.max(1, load.slots);
    this.setReachable(true, now);
    this.#seenMs = 0;
    this.#unseenMs = 0;
    for (const work of this.#inFlight) {
      // Work sent within the last round trip cannot have arrived before the report left.
      work.seen ||= work.at <= now - roundTripMs;
      if (work.seen) this.#seenMs += work.workMs;
      else this.#unseenMs += work.workMs;
    }
  }

  /** True: its link is up or it has answered. False: down until told otherwise or until it reports. */
  setReachable(reachable: boolean, now: number): void {
    this.#reachable = reachable;
    if (reachable) this.#heardAt = now;
  }

  isUsable(now: number): boolean {
    return this.#reachable && now - this.#heardAt <= SILENCE_MS;
  }

  /** True, at most once a second, while the node is unusable and due for a probe. */
  probeDue(now: number): boolean {
    if (this.isUsable(now) || now - this.#probedAt < PROBE_PERIOD_MS) return false;
    this.#probedAt = now;
    return true;
  }

  /**
   * Ŵ = W̄ + (W − W̄) · exp(−age/τ) + own work in flight / c, with W̄ the node's mean backlog and W what is left of the
   * reported one, max(0, backlog − age − round trip). Relaxing to the mean keeps devices that read the same
   * report from herding. `regular`: own frames arrive like clockwork; the mean of the waits that
   * they met is then W̄. Own work that the report includes counts again as the report fades.
   */
  refresh(now: number, regular: boolean): void {
    this.#refresh(now, regular);
    const ageMs = Math.max(0, now - this.#reportedAt);
    const restMs = this.#restMs(ageMs);
    this.leastWaitMs = this.stretch(now) * Math.min(this.waitMs, restMs + this.#unseenMs / this.slots);
    this.refusing = now - this.#refusedAt <= REFUSAL_KEPT_MS;
    if (!this.refusing) return;
    this.waitMs = Math.max(this.waitMs, this.#beginsAt - now);
    this.leastWaitMs = Math.max(this.leastWaitMs, this.#beginsAt - now);
  }

  #refresh(now: number, regular: boolean): void {
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
    // Clockwork frames meet the node in the same phase each time, not in its mean state.
    if (regular) {
      const known = Math.exp(-Math.max(0, now - this.#metWaitAt) / CONGESTION_WINDOW_MS);
      meanMs += (this.#metWaitMs - meanMs) * known;
    }
    const restMs = this.#restMs(ageMs);
    const backlogMs = meanMs + (restMs - meanMs) * fresh;
    const ownMs = this.#unseenMs + this.#seenMs * (1 - fresh);
    this.waitMs = backlogMs + ownMs / this.slots;
    this.congestionPerMs = load.congestionPerMs * Math.exp(-ageMs / CONGESTION_WINDOW_MS);
  }

  /** What the node has not worked off of the backlog that it reported, while the report and then the frame travel, ms. */
  #restMs(ageMs: number): number {
    return Math.max(0, (this.#load?.backlogMs ?? 0) - ageMs - this.#roundTripMs);
  }

  sent(workMs: number, now: number): WorkInFlight {
    const work = { at: now, workMs, seen: false };
    if (this.#inFlight.length >= IN_FLIGHT_LIMIT) this.returned(this.#inFlight[0]!, false, now);
    this.#inFlight.push(work);
    this.#unseenMs += workMs;
    return work;
  }

  /** The frame came back, which proves that the node is alive, or failed. */
  returned(work: WorkInFlight, ok: boolean, now: number): void {
    const index = this.#inFlight.indexOf(work);
    if (index < 0) return;
    this.#inFlight[index] = this.#inFlight.at(-1)!;
    this.#inFlight.pop();
    if (work.seen) this.#seenMs = Math.max(0, this.#seenMs - work.workMs);
    else this.#unseenMs = Math.max(0, this.#unseenMs - work.workMs);
    if (ok && this.#reachable) this.#heardAt = now;
  }

  /** The node refused a frame, for it could not have begun with it before `beginsAt`. */
  refused(beginsAt: number, now: number): void {
    this.#refusedAt = now;
    this.#beginsAt = beginsAt;
  }

  /**
   * How many times longer waits turn out than they are told, >= 1. A queue that reaches to the deadline makes every frame
   * late as soon as the node serves slower than it believes, as under a flood that shares its processor; a shorter one
   * keeps it just as busy.
   */
  stretch(now: number): number {
    if (this.#stretched === 1) return 1;
    return 1 + (this.#stretched - 1) * Math.exp(-Math.max(0, now - this.#stretchedAt) / STRETCH.windowMs);
  }

  /** A frame sent at `sentAt` came too late. Those that were sent before the last such news tell nothing new. */
  late(sentAt: number, now: number): void {
    if (sentAt < this.#stretchedAt) return;
    this.#stretched = Math.min(STRETCH.most, STRETCH.step * this.stretch(now));
    this.#stretchedAt = now;
  }

  /** The wait that one of the device's frames met at the node. */
  observeWait(waitMs: number, now: number): void {
    this.#metWaitMs += WAIT_WEIGHT * (waitMs - this.#metWaitMs);
    this.#metWaitAt = now;
  }

  /** Learns how wrong predictions for this node are. */
  observeError(predictedMs: number, actualMs: number): void {
    if (predictedMs <= 0 || actualMs <= 0) return;
    const error = Math.log(actualMs / predictedMs);
    this.#relativeVariance += ERROR_WEIGHT * (error * error - this.#relativeVariance);
  }
}
