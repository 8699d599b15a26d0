import type { Clock } from '@weir/base';
import type { HopTimes } from '@weir/domain';
import type { agent } from '@weir/proto';
import {
  hopsToWire,
  limits,
  noHops,
  placementToWire,
  reasonToWire,
  responseBucketOf,
  responseBuckets,
} from '@weir/wire';
import type { FrameAnswer } from './frame.ts';
import { addHops } from './hops.ts';

/** Sums over the frames answered at one place for one reason. */
interface Sums {
  readonly placement: FrameAnswer['placement'];
  readonly reason: FrameAnswer['reason'];
  frames: number;
  lookedAgain: number;
  hops: HopTimes;
  predictedMs: number;
  predictionErrorMs: number;
  expectedAccuracy: number;
  energyJ: number;
}

/** What is told of an answer: nothing that may be large, as outputs are. */
interface Newest extends Pick<
  FrameAnswer,
  'placement' | 'reason' | 'predictedMs' | 'hops' | 'failedAttempts' | 'energyJ'
> {
  readonly lookedAgain: boolean;
  /** Epoch ms. */
  readonly at: number;
}

/** What the device's status tells of the frames it has answered: sums that only grow, and the newest frames one by one. */
export class FrameCounters {
  readonly #clock: Pick<Clock, 'now'>;
  /** By place and reason, the longest unused first. */
  readonly #sums = new Map<string, Sums>();
  /** Those of the last frame. */
  #lastSums: Sums | undefined;
  readonly #buckets: number[] = [];
  readonly #newest: Newest[] = [];

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  answered(answer: FrameAnswer): void {
    const { placement, reason, hops, responseMs, predictedMs, failedAttempts, energyJ, decision } = answer;
    const lookedAgain = hasLookedAgain(answer);
    const sums = this.#sumsOf(placement, reason);
    sums.frames += 1;
    sums.lookedAgain += lookedAgain ? 1 : 0;
    sums.hops = addHops(sums.hops, hops);
    sums.predictedMs += predictedMs;
    sums.predictionErrorMs += Math.abs(predictedMs - responseMs);
    sums.expectedAccuracy += decision.accuracy;
    sums.energyJ += energyJ;
    const bucket = responseBucketOf(responseMs);
    while (this.#buckets.length <= bucket) this.#buckets.push(0);
    this.#buckets[bucket]! += 1;
    const at = this.#clock.now();
    this.#newest.push({ placement, reason, predictedMs, hops, failedAttempts, energyJ, lookedAgain, at });
    if (this.#newest.length > limits.newestFrames) this.#newest.shift();
  }

  read(): Pick<agent.GetStatusResponse, 'frames' | 'newest'> {
    return {
      frames: {
        answered: Array.from(this.#sums.values(), sumsToWire),
        responseBuckets: this.#buckets.slice(0, responseBuckets).map(BigInt),
      },
      newest: this.#newest.map((answered) => recordToWire(answered, this.#clock.now())),
    };
  }

  #sumsOf(placement: Sums['placement'], reason: Sums['reason']): Sums {
    // Most frames go where the one before went.
    const last = this.#lastSums;
    if (last && last.reason === reason && isSame(last.placement, placement)) return last;
    const key = JSON.stringify([placement.nodeId, placement.variant, reason]);
    const known = this.#sums.get(key);
    const sums = known ?? { ...nothing, placement, reason };
    this.#sums.delete(key);
    this.#sums.set(key, sums);
    if (this.#sums.size > limits.answeredFrames) this.#sums.delete(this.#sums.keys().next().value!);
    this.#lastSums = sums;
    return sums;
  }
}

const nothing = {
  frames: 0,
  lookedAgain: 0,
  hops: noHops,
  predictedMs: 0,
  predictionErrorMs: 0,
  expectedAccuracy: 0,
  energyJ: 0,
};

const isSame = (a: Sums['placement'], b: Sums['placement']): boolean =>
  a.nodeId === b.nodeId && a.variant === b.variant;

/** Whether a second look gave the answer. */
const hasLookedAgain = ({ looks }: FrameAnswer): boolean =>
  looks.filter(({ failure }) => failure === undefined).length > 1;

const sumsToWire = ({
  placement,
  reason,
  hops,
  frames,
  lookedAgain,
  ...sums
}: Sums): agent.AnsweredFrames => ({
  ...sums,
  placement: placementToWire(placement),
  reason: reasonToWire(reason),
  hops: hopsToWire(hops),
  frames: BigInt(frames),
  lookedAgain: BigInt(lookedAgain),
});

const recordToWire = ({ at, ...answered }: Newest, now: number): agent.FrameRecord => ({
  ...answered,
  placement: placementToWire(answered.placement),
  reason: reasonToWire(answered.reason),
  hops: hopsToWire(answered.hops),
  failedAttempts: answered.failedAttempts.slice(0, limits.failedAttempts),
  ageMs: Math.max(0, now - at),
});
