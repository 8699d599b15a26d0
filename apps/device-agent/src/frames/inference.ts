import {
  Cancelled,
  type Clock,
  DeadlineExceeded,
  InvalidInput,
  ResourceExhausted,
  Unavailable,
  WeirError,
} from '@weir/base';
import type { Decision, Dispatcher } from '@weir/dispatch';
import type { HopTimes, Outcome, Reason } from '@weir/domain';
import type { common } from '@weir/proto';
import { injectTraceContext } from '@weir/rpc';
import type { InferenceSpan } from '@weir/telemetry';
import { withAgentTime } from './hops.ts';
import { probeOutlier } from './probe.ts';
import { answeredSettlement, failedSettlement } from './settlement.ts';
import type { Target, TargetAnswer } from '../targets/target.ts';

/** One frame of an application. Times are ms since the epoch. */
export interface Frame {
  readonly input: common.Input;
  readonly arrivedAt: number;
  readonly deadlineAt: number;
  readonly signal: AbortSignal;
  readonly span: InferenceSpan;
}

/** A frame's answer, with what was chosen and what that cost. */
export interface FrameAnswer {
  readonly answer: TargetAnswer;
  readonly decision: Decision;
  /** As decided; after a failed attempt always a fallback. */
  readonly reason: Reason;
  /** Failed attempts before this one, e.g. `edge-1: UNAVAILABLE`. */
  readonly failedAttempts: readonly string[];
  /** Add up to `responseMs`. */
  readonly hops: HopTimes;
  readonly responseMs: number;
}

export interface InferenceOptions {
  readonly deviceId: string;
  readonly dispatcher: Dispatcher;
  readonly target: (nodeId: string) => Target | undefined;
  readonly clock: Clock;
  /** Records every attempt, failed ones included. */
  readonly record: (outcome: Outcome, confidence: number) => void;
  /** Called right before dispatch to report the load of the device's own processor. */
  readonly refresh: (now: number) => void;
  /** Time the device needs to answer a frame itself if a remote target fails, ms; 0 when it cannot. */
  readonly rescueMs: (now: number) => number;
}

/**
 * Answers one frame: dispatch, run, settle; when a target fails, leave it out and dispatch again while another one is
 * predicted to be in time. Never settles later than the frame's deadline. Rejects with InvalidInput (the picture),
 * DeadlineExceeded, Cancelled, ResourceExhausted (DEADLINE_UNREACHABLE: no target can be in time), FailedPrecondition (no
 * placement is allowed) or what the last target failed with.
 */
export async function infer(frame: Frame, options: InferenceOptions): Promise<FrameAnswer> {
  const { dispatcher, clock, refresh } = options;
  const excluded = new Set<string>();
  const failedAttempts: string[] = [];
  const failures: WeirError[] = [];
  void probeOutlier(frame.input, options);
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
    const { nodeId, tier } = decision.placement;
    try {
      return await attempt(frame, decision, at, failedAttempts, options);
    } catch (error) {
      const failure = error instanceof WeirError ? error : undefined;
      if (!failure || failure instanceof InvalidInput || frame.signal.aborted) throw error;
      excluded.add(nodeId);
      failedAttempts.push(`${nodeId}: ${failure.status}`);
      frame.span.attemptFailed({ at: clock.now(), nodeId, tier, status: failure.status });
      failures.push(failure);
    }
  }
}

/** An answer later than this many times its prediction is given up when waiting would leave no time for a fallback. */
const predictionMargin = 1.25;

/** Tries one target. Settles the decision and records its outcome, whatever happens. */
async function attempt(
  frame: Frame,
  decision: Decision,
  at: number,
  failedAttempts: readonly string[],
  options: InferenceOptions,
): Promise<FrameAnswer> {
  const { dispatcher, clock, target, rescueMs, record, deviceId } = options;
  const { placement } = decision;
  const reason = failedAttempts.length > 0 ? 'fallback' : decision.reason;
  const outcome = (hops: HopTimes, end: number): Outcome => ({
    deviceId,
    placement,
    planVersion: decision.directiveVersion,
    reason,
    at: end,
    hops,
    responseMs: end - at,
    predictedMs: decision.predictedMs,
    energyJ: 0,
    accuracy: decision.accuracy,
    margin: 0,
    concurrency: 0,
    propensity: decision.propensity,
  });
  const remainingMs = frame.deadlineAt - at;
  let deadlineAt = frame.deadlineAt;
  try {
    // Give a silent target up while the device can still answer by itself, but never cut short a target that answers as
    // predicted.
    const spareMs = Math.min(remainingMs / 2, remainingMs - predictionMargin * decision.predictedMs);
    const neededMs = rescueMs(at);
    // Half of it is what the device takes as a rule: with less left it is of no use.
    const useful = placement.tier !== 'device' && spareMs >= neededMs / 2;
    const keptMs = useful ? Math.max(0, Math.min(neededMs, spareMs)) : 0;
    deadlineAt -= keptMs;
    const chosen = target(placement.nodeId);
    if (!chosen) throw new Unavailable(`${placement.nodeId} is not known here`);
    const answer = await chosen.run({
      variant: placement.variant,
      input: frame.input,
      deadlineAt,
      signal: frame.signal,
      trace: injectTraceContext(frame.span.context),
    });
    const end = clock.now();
    const attemptHops = withAgentTime(answer.hops, end - at);
    dispatcher.settle(decision, answeredSettlement(answer, end - at), end);
    const { energyJ, concurrency, batchSize, classification } = answer;
    const { margin } = classification;
    record(
      { ...outcome(attemptHops, end), energyJ, concurrency, batchSize, margin },
      classification.confidence,
    );
    const responseMs = end - frame.arrivedAt;
    return {
      answer,
      decision,
      reason,
      failedAttempts,
      hops: withAgentTime(answer.hops, responseMs),
      responseMs,
    };
  } catch (error) {
    const end = clock.now();
    dispatcher.settle(
      decision,
      frame.signal.aborted ? { ok: false } : failedSettlement(error, deadlineAt),
      end,
    );
    const failure = error instanceof WeirError ? error.status : 'INTERNAL';
    // A bad picture or a departed caller says nothing about the target.
    const targetsFault = !(error instanceof InvalidInput) && !frame.signal.aborted;
    if (targetsFault) record({ ...outcome(noHops(end - at), end), failure }, 0);
    throw error;
  }
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

const noHops = (agentMs: number): HopTimes => ({
  agentMs,
  uplinkMs: 0,
  queueMs: 0,
  decodeMs: 0,
  computeMs: 0,
  downlinkMs: 0,
});
