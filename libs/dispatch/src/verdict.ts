import type { Commitment, Decision } from './decision.ts';
import type { Settlement } from './dispatcher.ts';
import type { Verdict } from './outlier-circuit.ts';

/** An answer that took so many times its own expected time, and at least so much longer, ms, is slow. */
const SLOW = { factor: 5, leastMs: 20 };

/** A target that let a deadline pass is at fault from so many times its prediction. */
const LATE_FACTOR = 2;

/** What a frame's end says about its target; undefined: nothing. */
export function verdictOn(
  { predictedMs: expectedMs }: Decision,
  { work, ownMs, obeyed }: Commitment,
  { ok, responseMs, queueMs = 0, batchSize = 1, fault }: Settlement,
  now: number,
): Verdict | undefined {
  if (!ok) {
    const had = now - (work?.at ?? now);
    return fault === 'failed' || (fault === 'late' && had >= LATE_FACTOR * expectedMs) ? 'failed' : undefined;
  }
  // The wait is not the node's fault, and an obeyed plan need not come with a prediction.
  if (responseMs === undefined || obeyed) return 'good';
  const tookMs = responseMs - queueMs;
  const expectedOwnMs = batchSize * ownMs;
  const slow = tookMs > SLOW.factor * expectedOwnMs && tookMs > expectedOwnMs + SLOW.leastMs;
  return slow ? 'slow' : 'good';
}
