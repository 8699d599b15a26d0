import { ResourceExhausted } from '@weir/base';
import type { DispatchAction } from './action-table.ts';
import type { Frame } from './cost.ts';

/** An action's own time may turn out at its 5 % quantile: 1.645 standard deviations of the logarithm below the mean. */
const OPTIMISM = 1.645;

/** Least share of the predicted time that hope may leave: errors of a flood must not open the doors. */
const LEAST_SHARE = 0.5;

/** One frame in so many ms is tried though no target can make it: a wrong prediction must not lock a target out. */
const TRIAL_PERIOD_MS = 1_000;

/** What admission asks of a frame. Times in ms. */
export interface AdmissionFrame extends Pick<Frame, 'now' | 'deadlineMs' | 'exclude' | 'ejectedToo'> {
  /** True when it has failed elsewhere. */
  readonly retry: boolean;
  /** U. */
  readonly localWaitMs: number;
}

/**
 * How far beyond the frame's deadline an action would answer, ms; at most 0 when it can be in time. The wait that is known
 * for sure counts in full: whoever joins a queue in the hope that it is shorter takes time from frames that would have
 * been in time. The mean backlog does not: it would stand long after a flood has been worked off, and a worker that is
 * busier than it seemed says so when it refuses; it then knows best, and nothing is hoped for. A frame that has failed
 * elsewhere is held to the plain prediction.
 */
export function excessMs({ cost, tracker }: DispatchAction, frame: AdmissionFrame): number {
  const remoteWaitMs = frame.retry ? tracker?.waitMs : tracker?.leastWaitMs;
  const waitMs = remoteWaitMs ?? frame.localWaitMs;
  const share =
    tracker && !frame.retry && !tracker.refusing
      ? Math.max(LEAST_SHARE, Math.exp(-OPTIMISM * tracker.spread))
      : 1;
  return waitMs + share * (cost.serviceMs + cost.networkMs) - frame.deadlineMs;
}

/** Which of the frames that no target can answer in time are tried all the same. */
export class Trials {
  #dueAt: number | undefined;

  /** True for one of them a second, from a second after the first. */
  due(now: number): boolean {
    this.#dueAt ??= now + TRIAL_PERIOD_MS;
    if (now < this.#dueAt) return false;
    this.#dueAt = now + TRIAL_PERIOD_MS;
    return true;
  }
}

/** `leastExcessMs`: over the deadline, of the best target. */
export const unreachableDeadline = (leastExcessMs: number, deadlineMs: number): ResourceExhausted =>
  new ResourceExhausted(
    `no target could answer within ${Math.floor(deadlineMs)} ms: the best would take ${Math.ceil(leastExcessMs)} ms longer`,
    { reason: 'DEADLINE_UNREACHABLE', retryAfterMs: leastExcessMs },
  );
