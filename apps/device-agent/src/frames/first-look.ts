import {
  Cancelled,
  DeadlineExceeded,
  InvalidInput,
  ResourceExhausted,
  Unavailable,
  WeirError,
} from '@weir/base';
import type { Decision, DispatchOptions } from '@weir/dispatch';
import type { HopTimes, Reason } from '@weir/domain';
import type { LookSpan } from '@weir/telemetry';
import {
  type Answered,
  type Attempt,
  attempt,
  type Failed,
  isTargetsFault,
  outcomeOf,
  statusOf,
} from './attempt.ts';
import { drawOf } from './draw.ts';
import { lookFacts } from './facts.ts';
import type { Frame, HedgeEnd, InferenceOptions } from './frame.ts';
import { attemptHedged } from './hedged-attempt.ts';
import { withAgentTime } from './hops.ts';

/** The first look at a frame, which has answered. Its decision is not yet settled, its outcome not yet recorded. */
export interface FirstLook {
  readonly attempt: Answered;
  /** Add up to the time since the frame's arrival. */
  readonly hops: HopTimes;
  readonly reason: Reason;
  /** E.g. `edge-1: UNAVAILABLE`. */
  readonly failedAttempts: readonly string[];
  /** Nodes where this frame has failed. */
  readonly excluded: ReadonlySet<string>;
  /** Undefined without a hedge. */
  readonly hedge: HedgeEnd | undefined;
}

/**
 * Dispatches the frame and, when a target fails, leaves it out and dispatches again while another one is predicted to be in
 * time. Rejects as `infer` does; failed attempts are settled and recorded.
 */
export async function lookFirst(frame: Frame, options: InferenceOptions): Promise<FirstLook> {
  const { dispatcher, clock, refresh, deviceId, record, logger } = options;
  const { leastAccuracy, variant, belowFloor } = frame.wishes ?? {};
  const excluded = new Set<string>();
  const failedAttempts: string[] = [];
  const failures: WeirError[] = [];
  let hedge: HedgeEnd | undefined;
  // The picture is hashed only where a canary may have it.
  let draw: DispatchOptions['draw'] = (canary) => drawOf(frame.input, canary);
  const span = frame.span.look({ number: 1, at: frame.arrivedAt });
  const tell = (failed: Failed, reason: Reason) => {
    const { decision, settlement, end } = failed;
    dispatcher.settle(decision, settlement, end);
    if (isTargetsFault(failed, frame))
      record(outcomeOf(failed, { deviceId, reason, accuracy: decision.accuracy }), 0);
  };
  const leaveOut = ({ error, decision: { placement, trial }, end }: Failed) => {
    const { nodeId, tier, variant } = placement;
    const status = statusOf(error);
    const ofCanary = variant === trial;
    // A canary that fails must cost no frame: the variant that it stands in for has a try, here unless the node is at fault.
    if (ofCanary) draw = undefined;
    if (!ofCanary || error instanceof Unavailable || error instanceof DeadlineExceeded) excluded.add(nodeId);
    failedAttempts.push(`${nodeId}: ${status}`);
    frame.span.attemptFailed({ at: end, nodeId, tier, status });
    if (error instanceof WeirError) failures.push(error);
    else logger.error({ err: error, nodeId }, 'an attempt at a first look failed');
  };
  for (;;) {
    const at = clock.now();
    refuseIfOver(frame, at, failedAttempts);
    refresh(at);
    const asRetry = failedAttempts.length > 0;
    let decision: Decision;
    try {
      const within = (deadlineMs: number) =>
        dispatcher.dispatch(at, { leastAccuracy, variant, belowFloor, deadlineMs, exclude: excluded, draw });
      decision = withMostTimeToSpare(within, frame.deadlineAt - at, asRetry);
      frame.decided?.(decision, at);
    } catch (error) {
      if (failures.length === 0) frame.decided?.(undefined, at);
      // Nothing is left to try: the first failure says more than that.
      throw failures.length > 0 ? exhausted(failedAttempts, failures, error) : error;
    }
    const {
      tried,
      alsoFailed,
      end: hedgeEnd,
    } = await tryFirst(frame, { decision, at, excluded, span }, options);
    hedge = hedgeEnd ?? hedge;
    const reasonOf = (by: Attempt) => (asRetry ? 'fallback' : by.decision.reason);
    if (alsoFailed) {
      tell(alsoFailed, reasonOf(alsoFailed));
      leaveOut(alsoFailed);
    }
    if ('answer' in tried) {
      const { end } = tried;
      const reason = reasonOf(tried);
      const { placement, lookAgain } = tried.decision;
      const hops = withAgentTime(tried.answer.hops, end - frame.arrivedAt);
      const local = placement.tier === 'device';
      const facts = () => ({
        ...lookFacts(tried),
        reason,
        lookAgainBelow: lookAgain?.marginBelow,
        hedgeWonBy: hedge?.wonBy,
      });
      span.answered({ at: end, hops, local, server: tried.answer.server, facts });
      return { attempt: tried, hops, reason, failedAttempts, excluded, hedge };
    }
    tell(tried, reasonOf(tried));
    const { error, decision: failed } = tried;
    // Another preprocessing may not take what that of the variant takes that a canary stands in for.
    const refused = error instanceof InvalidInput && failed.placement.variant !== failed.trial;
    if (!(error instanceof WeirError) || refused || frame.signal.aborted) throw error;
    leaveOut(tried);
  }
}

/** How many times its prediction a retry should have, as far as any target can: there is hardly time for another one. */
const retryMargins = [2, 1.5, 1.25] as const;

function withMostTimeToSpare(
  within: (deadlineMs: number) => Decision,
  remainingMs: number,
  asRetry: boolean,
): Decision {
  for (const margin of asRetry ? retryMargins : []) {
    try {
      return within(remainingMs / margin);
    } catch (error) {
      if (!(error instanceof ResourceExhausted)) throw error;
    }
  }
  return within(remainingMs);
}

/** The device answers too where the target may come too late; then the target has all the time there is. */
async function tryFirst(
  frame: Frame,
  asked: { decision: Decision; at: number; excluded: ReadonlySet<string>; span: LookSpan },
  options: InferenceOptions,
): Promise<{ tried: Attempt; alsoFailed?: Failed | undefined; end?: HedgeEnd }> {
  const { decision, at, excluded, span } = asked;
  const deadlineMs = frame.deadlineAt - at;
  const { content } = frame.input;
  // Tensors by name are computed once: they are large, and so are their answers.
  const hedge =
    content?.$case === 'tensors'
      ? undefined
      : options.dispatcher.hedge(decision, at, { ...frame.wishes, deadlineMs, exclude: excluded });
  if (hedge) return attemptHedged(frame, { decision, hedge, at, span }, options);
  const kept = keep(frame, decision, at, options);
  const deadlineAt = kept?.from ?? frame.deadlineAt;
  try {
    return { tried: await attempt(frame, { decision, at, deadlineAt, span }, options) };
  } finally {
    kept?.window[Symbol.dispose]();
  }
}

/** An answer later than this many times its prediction is given up when waiting would leave no time for a fallback. */
const predictionMargin = 1.25;

/** Share of its time by which a frame is taken back sooner: a busy machine is late at everything. */
const slackShare = 0.05;
/** Between one answer of the device and the next, as these vary, ms. */
const switchingMs = (answerMs: number) => answerMs / 4 + 2;

/**
 * The end of the frame's time, which its target does not get: a silent target is given up while the device can still answer
 * by itself, after those other frames that it may have to answer too, but one that answers as predicted is never cut short.
 */
function keep(
  { deadlineAt, wishes }: Frame,
  { placement, predictedMs }: Decision,
  at: number,
  { rescue, rescueWindows }: InferenceOptions,
): { readonly from: number; readonly window: Disposable } | undefined {
  if (placement.tier === 'device') return undefined;
  const remainingMs = deadlineAt - at;
  const spareMs = Math.min(remainingMs / 2, remainingMs - predictionMargin * predictedMs);
  const { leastMs, ms, answerMs } = rescue(wishes);
  // Half of it is what the device takes as a rule: with less left it is of no use.
  if (ms <= 0 || spareMs < leastMs / 2) return undefined;
  const windowMs = answerMs + switchingMs(answerMs);
  const lastAt = deadlineAt - ms - slackShare * remainingMs;
  const window = rescueWindows.take(lastAt + windowMs, windowMs);
  return { from: Math.max(window.from, deadlineAt - spareMs), window };
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
  const refused = refusal instanceof WeirError ? `, and ${refusal.message}` : '';
  const message = `no target answered: ${failedAttempts.join(', ')}${refused}`;
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
