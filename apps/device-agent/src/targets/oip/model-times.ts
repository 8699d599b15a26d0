import type { HopTimes } from '@weir/domain';
import { remoteHops } from '../../frames/hops.ts';

/** Who tells how long a server took: the answer itself, the server's statistics, or only how long the answer was under way. */
export type TimesSource = 'answer' | 'statistics' | 'client';

/** As a server tells them of one inference, ms. */
export interface ToldTimes {
  readonly queueMs: number;
  readonly decodeMs: number;
  readonly computeMs: number;
}

/** Means over inferences that have just been, ms. */
export interface MeanTimes {
  readonly queueMs: number;
  /** Preparing inputs and outputs included. */
  readonly computeMs: number;
}

/** Round trips that the quickest is taken of. */
const window = 64;
/** Weight of what was measured last. */
const newest = 0.3;

/**
 * What one model takes at a server, told from the device. Whatever the quickest round trip lately took beyond a small message's
 * is the inference and the way of its input; what another takes beyond that has waited. Where the server's statistics
 * tell its computation, the way of the input is told from it too.
 */
export class ModelTimes {
  readonly #roundTripsMs: number[] = [];
  #linkRoundTripMs = 0;
  #sinceTold = { count: 0, ms: 0 };
  #computeMs: number | undefined;
  #sendingMs = 0;

  /** Hops of a round trip, but for the device's own. */
  answered({
    roundTripMs,
    linkRoundTripMs,
    told,
  }: {
    readonly roundTripMs: number;
    readonly linkRoundTripMs: number;
    readonly told?: ToldTimes | undefined;
  }): { readonly hops: Omit<HopTimes, 'agentMs'>; readonly source: TimesSource } {
    const afterLink = Math.max(0, roundTripMs - linkRoundTripMs);
    this.#linkRoundTripMs = linkRoundTripMs;
    this.#roundTripsMs.push(roundTripMs);
    if (this.#roundTripsMs.length > window) this.#roundTripsMs.shift();
    this.#sinceTold = { count: this.#sinceTold.count + 1, ms: this.#sinceTold.ms + afterLink };
    const split = (times: ToldTimes) => {
      const workerMs = times.queueMs + times.decodeMs + times.computeMs;
      return remoteHops({ ...times, roundTripMs, workerMs, linkRoundTripMs });
    };
    if (told) {
      this.#computeMs = blend(this.#computeMs, told.decodeMs + told.computeMs);
      return { hops: split(told), source: 'answer' };
    }
    const known = this.#computeMs !== undefined;
    const quickest = this.#quickestMs;
    const computeMs = Math.min(this.#computeMs ?? quickest, afterLink);
    const sendingMs = known ? Math.min(this.#sendingMs, Math.max(0, quickest - computeMs)) : 0;
    const queueMs = Math.max(0, afterLink - sendingMs - computeMs);
    return {
      hops: split({ queueMs, decodeMs: 0, computeMs }),
      source: known ? 'statistics' : 'client',
    };
  }

  /** The server's statistics have told of the inferences since the last time. */
  told({ queueMs, computeMs }: MeanTimes): void {
    this.#computeMs = blend(this.#computeMs, computeMs);
    const { count, ms } = this.#sinceTold;
    if (count > 0) this.#sendingMs = Math.max(0, ms / count - queueMs - computeMs);
    this.#sinceTold = { count: 0, ms: 0 };
  }

  /** Computing, without waiting, ms, > 0; undefined before the first answer. */
  get serviceMs(): number | undefined {
    if (this.#roundTripsMs.length === 0) return undefined;
    return Math.max(0.001, this.#computeMs ?? this.#quickestMs);
  }

  /** The longest that an input can have been under way, ms; undefined before the first answer. */
  get mostSendingMs(): number | undefined {
    return this.#roundTripsMs.length === 0 ? undefined : this.#quickestMs;
  }

  /** By what is known of the link now: a first ping may have taken long. */
  get #quickestMs(): number {
    return Math.max(0, Math.min(...this.#roundTripsMs) - this.#linkRoundTripMs);
  }
}

/** A mean that forgets. */
export const blend = (mean: number | undefined, value: number): number =>
  mean === undefined ? value : mean + newest * (value - mean);
