import { ResourceExhausted } from '@weir/base';
import type { ActionTable } from './action-table.ts';
import type { DispatchAction } from './dispatch-action.ts';
import type { ArrivalMeter } from './arrivals.ts';
import { type Constrained, constraintOn } from './constraints.ts';
import type { Frame } from './cost.ts';
import type { PlanInForce } from './plan-in-force.ts';

/** An action's own time may turn out at its 5 % quantile: 1.645 standard deviations of the logarithm below the mean. */
const OPTIMISM = 1.645;

/** Least share of the predicted time that hope may leave: errors of a flood must not open the doors. */
const LEAST_SHARE = 0.5;

/** One frame in so many ms is tried though no target can make it: a wrong prediction must not lock a target out. */
const TRIAL_PERIOD_MS = 1_000;

/** What admission asks of a frame. Times in ms. */
interface AdmissionFrame extends Constrained, Pick<Frame, 'now' | 'deadlineMs'> {
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
function excessMs({ cost, tracker, after }: DispatchAction, frame: AdmissionFrame): number {
  const remoteWaitMs = frame.retry ? tracker?.waitMs : tracker?.leastWaitMs;
  const waitMs = remoteWaitMs ?? frame.localWaitMs;
  const share =
    tracker && !frame.retry && !tracker.refusing
      ? Math.max(LEAST_SHARE, Math.exp(-OPTIMISM * tracker.spread))
      : 1;
  const secondMs = after && cost.accuracy < frame.leastAccuracy ? after.leastMs : 0;
  return waitMs + share * (cost.serviceMs + cost.networkMs + secondMs) - frame.deadlineMs;
}

/** Turns frames away that no target could answer in time, before they cost anybody anything. */
export class Admission {
  readonly #plan: PlanInForce;
  readonly #arrivals: ArrivalMeter;
  readonly #trials = new Trials();

  constructor(plan: PlanInForce, arrivals: ArrivalMeter) {
    this.#plan = plan;
    this.#arrivals = arrivals;
  }

  /**
   * Throws ResourceExhausted (DEADLINE_UNREACHABLE). The nodes of the plan's table are fresh (`Frames.refresh`). A frame for
   * which nothing is allowed at all passes: that is no matter of time.
   */
  refuseIfUnreachable(frame: AdmissionFrame): void {
    const { directive, planned, table } = this.#plan;
    let leastMs = leastExcessMs(table, frame);
    if (leastMs <= 0) return;
    const obeyed = directive?.thresholdMs === Infinity ? planned : undefined;
    if (obeyed && constraintOn(obeyed, frame, 'obeyed') === undefined) return;
    if (leastMs === Infinity)
      for (const [resort, ejectedToo] of this.#plan.resorts) {
        for (const tracker of resort.trackers) tracker.refresh(frame.now, this.#arrivals.regular);
        leastMs = leastExcessMs(resort, { ...frame, ejectedToo });
        if (leastMs < Infinity) break;
      }
    if (leastMs <= 0 || leastMs === Infinity) return;
    if (!frame.retry && this.#trials.due(frame.now)) return;
    throw unreachableDeadline(leastMs, frame.deadlineMs);
  }
}

/** Of the best action that is allowed, or of the first that is in time; Infinity when none is allowed. */
function leastExcessMs({ actions }: ActionTable, frame: AdmissionFrame): number {
  let leastMs = Infinity;
  for (const action of actions) {
    if (constraintOn(action, frame, 'possible') !== undefined) continue;
    leastMs = Math.min(leastMs, excessMs(action, frame));
    if (leastMs <= 0) break;
  }
  return leastMs;
}

/** Which of the frames that no target can answer in time are tried all the same. */
class Trials {
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
const unreachableDeadline = (leastExcessMs: number, deadlineMs: number): ResourceExhausted =>
  new ResourceExhausted(
    `no target could answer within ${Math.floor(deadlineMs)} ms: the best would take ${Math.ceil(leastExcessMs)} ms longer`,
    { reason: 'DEADLINE_UNREACHABLE', retryAfterMs: leastExcessMs },
  );
