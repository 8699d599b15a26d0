import {
  Cancelled,
  DeadlineExceeded,
  InvalidInput,
  ResourceExhausted,
  Unavailable,
  WeirError,
} from '@weir/base';
import type { Decision } from '@weir/dispatch';
import type { Reason } from '@weir/domain';
import { type Answered, attempt, isTargetsFault, outcomeOf } from './attempt.ts';
import { lookFacts } from './facts.ts';
import type { Frame, InferenceOptions } from './frame.ts';
import { withAgentTime } from './hops.ts';

/** The first look at a frame, which has answered. Its decision is not yet settled, its outcome not yet recorded. */
export interface FirstLook {
  readonly attempt: Answered;
  readonly reason: Reason;
  /** E.g. `edge-1: UNAVAILABLE`. */
  readonly failedAttempts: readonly string[];
  /** Nodes where this frame has failed. */
  readonly excluded: ReadonlySet<string>;
}

/**
 * Dispatches the frame and, when a target fails, leaves it out and dispatches again while another one is predicted to be in
 * time. Rejects as `infer` does; failed attempts are settled and recorded.
 */
export async function lookFirst(frame: Frame, options: InferenceOptions): Promise<FirstLook> {
  const { dispatcher, clock, refresh, deviceId, record } = options;
  const excluded = new Set<string>();
  const failedAttempts: string[] = [];
  const failures: WeirError[] = [];
  const span = frame.span.look({ number: 1, at: frame.arrivedAt });
  for (;;) {
    const at = clock.now();
    refuseIfOver(frame, at, failedAttempts);
    refresh(at);
    let decision: Decision;
    try {
      decision = dispatcher.dispatch(at, { deadlineMs: frame.deadlineAt - at, exclude: excluded });
    } catch (error) {
      // Nothing is left to try: the first failure says more than that.
      throw failures.length > 0 ? exhausted(failedAttempts, failures, error) : error;
    }
    const reason = failedAttempts.length > 0 ? 'fallback' : decision.reason;
    const deadlineAt = frame.deadlineAt - keptMs(frame, decision, at, options);
    const tried = await attempt(frame, { decision, at, deadlineAt, span }, options);
    const { end } = tried;
    if ('answer' in tried) {
      const hops = withAgentTime(tried.answer.hops, end - frame.arrivedAt);
      const local = decision.placement.tier === 'device';
      const facts = () => ({ ...lookFacts(tried), reason, lookAgainBelow: decision.lookAgain?.marginBelow });
      span.answered({ at: end, hops, local, facts });
      return { attempt: tried, reason, failedAttempts, excluded };
    }
    const { error } = tried;
    dispatcher.settle(decision, tried.settlement, end);
    if (isTargetsFault(tried, frame))
      record(outcomeOf(tried, { deviceId, reason, accuracy: decision.accuracy }), 0);
    const failure = error instanceof WeirError ? error : undefined;
    if (!failure || failure instanceof InvalidInput || frame.signal.aborted) throw error;
    const { nodeId, tier } = decision.placement;
    excluded.add(nodeId);
    failedAttempts.push(`${nodeId}: ${failure.status}`);
    frame.span.attemptFailed({ at: end, nodeId, tier, status: failure.status });
    failures.push(failure);
  }
}

/** An answer later than this many times its prediction is given up when waiting would leave no time for a fallback. */
const predictionMargin = 1.25;

/**
 * Time of the frame that its target does not get, ms. A silent target is given up while the device can still answer by
 * itself, but one that answers as predicted is never cut short.
 */
function keptMs(
  { deadlineAt }: Frame,
  { placement, predictedMs }: Decision,
  at: number,
  { rescueMs }: InferenceOptions,
): number {
  const remainingMs = deadlineAt - at;
  const spareMs = Math.min(remainingMs / 2, remainingMs - predictionMargin * predictedMs);
  const neededMs = rescueMs(at);
  // Half of it is what the device takes as a rule: with less left it is of no use.
  const useful = placement.tier !== 'device' && spareMs >= neededMs / 2;
  return useful ? Math.max(0, Math.min(neededMs, spareMs)) : 0;
}

function refuseIfOver({ signal, deadlineAt }: Frame, now: number, failedAttempts: readonly string[]): void {
  if (signal.aborted) throw new Cancelled('the frame was cancelled');
  const tried = failedAttempts.length > 0 ? ` (tried ${failedAttempts.join(', ')})` : '';
  if (now >= deadlineAt) throw new DeadlineExceeded(`no answer before the deadline${tried}`);
}

/**
 * Overload is told as what it is, with the soonest of the times at which a target would have another try. `refusal`: why
 * the frame was not sent to yet another one.
 */
function exhausted(
  failedAttempts: readonly string[],
  failures: readonly WeirError[],
  refusal: unknown,
): WeirError {
  const message = `no target answered: ${failedAttempts.join(', ')}`;
  const cause = failures.at(-1)!;
  const full = failures.filter((failure) => failure instanceof ResourceExhausted);
  if (full.length > 0) {
    const refusals = refusal instanceof ResourceExhausted ? [...failures, refusal] : failures;
    const waits = refusals.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
    const late = full.every(({ reason }) => reason === 'DEADLINE_UNREACHABLE');
    return new ResourceExhausted(message, {
      reason: late ? 'DEADLINE_UNREACHABLE' : 'OVERLOADED',
      cause,
      ...(waits.length > 0 && { retryAfterMs: Math.min(...waits) }),
    });
  }
  return cause instanceof DeadlineExceeded
    ? new DeadlineExceeded(message, { cause })
    : new Unavailable(message, { cause });
}
