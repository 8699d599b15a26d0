import { type Clock, type Random, silentLogger } from '@weir/base';
import { type KnownAccuracy, knownAccuracy } from '@weir/cell';
import { policy } from '@weir/proto';
import { connect, keepOpen, openServerStream } from '@weir/rpc';

/** Exploration and drift of one stretch of a run. */
export interface LearningCounts {
  readonly plans: number;
  /** Plans that depart from the best one known in order to learn. */
  readonly exploringPlans: number;
  /** Frames answered where only an exploring plan put them. */
  readonly exploringFrames: number;
  readonly driftAlarms: number;
}

export interface Learning extends LearningCounts {
  /** Expected excess of exploring plans over the best ones known, relative to all response time, 0..1. */
  readonly explorationShare: number;
  /** What came after the first 30 s, when a cell should know its costs; null in a run that is shorter. */
  readonly settled: LearningCounts | null;
}

const settledAfterMs = 30_000;

/** Follows a cell's learner. Whoever opens it disposes of it. */
export function watchLearning({
  policyAddress,
  cellId,
  clock,
  random,
}: {
  policyAddress: string;
  cellId: string;
  clock: Clock;
  random: Random;
}): AsyncDisposable & {
  learning(): Learning | null;
  /** What the cell knows of its accuracy. */
  accuracy(): KnownAccuracy;
} {
  const connection = connect(policyAddress);
  const client = connection.client(policy.PolicyServiceClient);
  const over = new AbortController();
  const startedAt = clock.now();
  let newest: policy.WatchLearnerResponse | undefined;
  let atSettled: policy.WatchLearnerResponse | undefined;
  const watching = keepOpen({
    signal: over.signal,
    clock,
    random,
    // The cell's supervision says when the policy is away.
    logger: silentLogger,
    maxMs: 1_000,
    async open(signal) {
      for await (const status of openServerStream(client, client.watchLearner, { cellId }, { signal })) {
        newest = status;
        if (clock.now() - startedAt >= settledAfterMs) atSettled ??= status;
      }
    },
  });
  return {
    learning: () => (newest && learningOf(newest, atSettled)) ?? null,
    accuracy: () => knownAccuracy(newest?.accuracy),
    async [Symbol.asyncDispose]() {
      over.abort();
      await watching;
      await connection[Symbol.asyncDispose]();
    },
  };
}

/** `atSettled`: the status when the first 30 s were over. */
export function learningOf(
  newest: policy.WatchLearnerResponse,
  atSettled: policy.WatchLearnerResponse | undefined,
): Learning {
  const all = countsOf(newest);
  const before = atSettled && countsOf(atSettled);
  return {
    ...all,
    explorationShare: newest.explorationShare,
    settled: before
      ? {
          plans: all.plans - before.plans,
          exploringPlans: all.exploringPlans - before.exploringPlans,
          exploringFrames: all.exploringFrames - before.exploringFrames,
          driftAlarms: all.driftAlarms - before.driftAlarms,
        }
      : null,
  };
}

const countsOf = (status: policy.WatchLearnerResponse): LearningCounts => ({
  plans: Number(status.plans),
  exploringPlans: Number(status.exploringPlans),
  exploringFrames: Number(status.exploringFrames),
  driftAlarms: Number(status.driftAlarms),
});
