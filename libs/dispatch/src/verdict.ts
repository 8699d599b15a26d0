import type { Commitment, Decision } from './decision.ts';
import type { Settlement } from './dispatcher.ts';
import type { Verdict } from './outlier-circuit.ts';

/** Decode and compute that took so many times what was expected, and at least so much longer, ms, are slow. */
const SLOW = { factor: 5, leastMs: 20 };

/** A target that let a deadline pass is at fault from so many times its prediction. */
const LATE_FACTOR = 2;

/** What a frame's end says about its target; undefined: nothing. */
export function verdictOn(
  { predictedMs: expectedMs }: Decision,
  { work, obeyed }: Commitment,
  { ok, serviceMs, batchSize = 1, fault }: Settlement,
  now: number,
): Verdict | undefined {
  if (!ok) {
    const had = now - (work?.at ?? now);
    return fault === 'failed' || (fault === 'late' && had >= LATE_FACTOR * expectedMs) ? 'failed' : undefined;
  }
  // Only its own time is the node's fault, neither queue nor network, and an obeyed plan need not come with a prediction.
  const ownMs = batchSize * (work?.workMs ?? 0);
  if (serviceMs === undefined || obeyed || ownMs <= 0) return 'good';
  return serviceMs > SLOW.factor * ownMs && serviceMs > ownMs + SLOW.leastMs ? 'slow' : 'good';
}
