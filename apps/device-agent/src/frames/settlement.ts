import { Cancelled, DeadlineExceeded, InvalidInput, ResourceExhausted, WeirError } from '@weir/base';
import type { Settlement } from '@weir/dispatch';
import type { TargetAnswer } from '../targets/target.ts';

/** What an answer tells the dispatcher. */
export const answeredSettlement = ({ hops, batchSize }: TargetAnswer, responseMs: number): Settlement => ({
  ok: true,
  responseMs,
  queueMs: hops.queueMs,
  serviceMs: hops.decodeMs + hops.computeMs,
  batchSize,
});

/** What a failed attempt tells the dispatcher. `deadlineAt`: the attempt's, epoch ms. */
export function failedSettlement(error: unknown, deadlineAt: number): Settlement {
  if (error instanceof DeadlineExceeded) return { ok: false, fault: 'late' };
  if (error instanceof ResourceExhausted && error.reason === 'DEADLINE_UNREACHABLE')
    return { ok: false, soonestAnswerAt: deadlineAt + (error.retryAfterMs ?? 0) };
  // A bad picture, a departed caller, overload or a fault of our own say nothing about the target.
  const blameless = [InvalidInput, Cancelled, ResourceExhausted].some((kind) => error instanceof kind);
  return error instanceof WeirError && !blameless ? { ok: false, fault: 'failed' } : { ok: false };
}
