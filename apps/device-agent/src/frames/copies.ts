import type { Decision } from '@weir/dispatch';
import { attempt, type Attempt, outcomeOf } from './attempt.ts';
import type { Frame, InferenceOptions } from './frame.ts';
import { confidenceOf } from './sureness.ts';

/** A copy is waited for four times as long as it is expected to take, within these bounds, ms. */
const patience = { factor: 4, leastMs: 1_000, mostMs: 10_000 };

type CopyOptions = Pick<InferenceOptions, 'deviceId' | 'dispatcher' | 'target' | 'clock' | 'record'>;

/**
 * Sends copies of a frame that nobody waits for, where they are due: to an ejected target whose pause is over, which is no
 * outcome of the device, and over a link that may no longer be as slow as the policy believes, which the policy is told.
 * Resolves once they have ended; undefined where none is due.
 */
export function sendCopies(input: Frame['input'], options: CopyOptions): Promise<unknown> | undefined {
  const { dispatcher, clock } = options;
  const now = clock.now();
  const probe = dispatcher.probe(now);
  const check = dispatcher.linkCheck(now);
  if (!probe && !check) return undefined;
  return Promise.all([
    probe && sendCopy(input, probe, options),
    check && sendCopy(input, check, options).then((tried) => tell(tried, options)),
  ]);
}

function tell(tried: Attempt, { deviceId, record }: CopyOptions): void {
  if (!('answer' in tried)) return;
  const { reason, accuracy } = tried.decision;
  record({ ...outcomeOf(tried, { deviceId, reason, accuracy }), shadow: true }, confidenceOf(tried.answer));
}

async function sendCopy(input: Frame['input'], decision: Decision, options: CopyOptions): Promise<Attempt> {
  const at = options.clock.now();
  const { factor, leastMs, mostMs } = patience;
  const deadlineAt = at + Math.min(mostMs, Math.max(leastMs, factor * decision.predictedMs));
  const { signal } = new AbortController();
  const tried = await attempt({ input, signal }, { decision, at, deadlineAt }, options);
  options.dispatcher.settle(decision, tried.settlement, tried.end);
  return tried;
}
