import { InvalidInput, Unavailable, WeirError } from '@weir/base';
import type { Decision, Settlement } from '@weir/dispatch';
import type { HopTimes, Outcome, Reason } from '@weir/domain';
import { injectTraceContext } from '@weir/rpc';
import type { LookSpan } from '@weir/telemetry';
import { noHops } from '@weir/wire';
import type { TargetAnswer } from '../targets/target.ts';
import type { Frame, InferenceOptions } from './frame.ts';
import { withAgentTime } from './hops.ts';
import { answeredSettlement, failedSettlement } from './settlement.ts';
import { marginOf } from './sureness.ts';

/** One decision carried out. Times are ms since the epoch. */
interface Ended {
  readonly decision: Decision;
  readonly at: number;
  readonly end: number;
  /** Add up to `end - at`. */
  readonly hops: HopTimes;
  /** What it tells the dispatcher, which has not yet been told. */
  readonly settlement: Settlement;
}
export interface Answered extends Ended {
  readonly answer: TargetAnswer;
}
export interface Failed extends Ended {
  readonly error: unknown;
}
export type Attempt = Answered | Failed;

interface AttemptOptions {
  readonly decision: Decision;
  /** Epoch ms, as `deadlineAt`. */
  readonly at: number;
  readonly deadlineAt: number;
  /** Absent: it belongs to no trace. */
  readonly span?: Pick<LookSpan, 'context'>;
  /** As in TargetRequest. @default false */
  readonly background?: boolean;
}

/** Tries one target, until `deadlineAt` at the latest. Settles nothing, records nothing, and never rejects. */
export async function attempt(
  { input, signal, wantOutputs }: Pick<Frame, 'input' | 'signal' | 'wantOutputs'>,
  { decision, at, deadlineAt, span, background = false }: AttemptOptions,
  { target, clock }: Pick<InferenceOptions, 'target' | 'clock'>,
): Promise<Attempt> {
  const { nodeId, variant } = decision.placement;
  try {
    const chosen = target(nodeId);
    if (!chosen) throw new Unavailable(`${nodeId} is not known here`);
    const trace = span && injectTraceContext(span.context);
    const answer = await chosen.run({
      variant,
      input,
      deadlineAt,
      signal,
      trace,
      background,
      wantOutputs,
    });
    const end = clock.now();
    const hops = withAgentTime(answer.hops, end - at);
    return { decision, at, end, hops, answer, settlement: answeredSettlement(answer, end - at) };
  } catch (error) {
    const end = clock.now();
    const settlement = signal.aborted ? { ok: false } : failedSettlement(error, deadlineAt);
    return { decision, at, end, hops: { ...noHops, agentMs: end - at }, error, settlement };
  }
}

/** gRPC status name. */
export const statusOf = (error: unknown): string => (error instanceof WeirError ? error.status : 'INTERNAL');

/** A bad picture or a departed caller says nothing about the target: its outcome is not worth telling. */
export const isTargetsFault = ({ error }: Failed, { signal }: Frame): boolean =>
  !(error instanceof InvalidInput) && !signal.aborted;

/** What it cost. `accuracy`: promised of the frame, 0..1. */
export function outcomeOf(
  tried: Attempt,
  { deviceId, reason, accuracy }: { deviceId: string; reason: Reason; accuracy: number },
): Outcome {
  const { decision, at, end, hops } = tried;
  const answer = 'answer' in tried ? tried.answer : undefined;
  return {
    deviceId,
    placement: decision.placement,
    planVersion: decision.directiveVersion,
    reason,
    at: end,
    hops,
    responseMs: end - at,
    predictedMs: decision.predictedMs,
    energyJ: answer?.energyJ ?? 0,
    accuracy,
    margin: answer ? marginOf(answer) : 0,
    concurrency: answer?.concurrency ?? 0,
    batchSize: answer?.batchSize,
    propensity: decision.propensity,
    failure: 'error' in tried ? statusOf(tried.error) : undefined,
    trial: decision.trial,
  };
}
