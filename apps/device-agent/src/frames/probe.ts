import { type Clock, Unavailable } from '@weir/base';
import type { Dispatcher } from '@weir/dispatch';
import type { common } from '@weir/proto';
import type { Target } from '../targets/target.ts';
import { answeredSettlement, failedSettlement } from './settlement.ts';

export interface ProbeOptions {
  readonly dispatcher: Dispatcher;
  readonly target: (nodeId: string) => Target | undefined;
  readonly clock: Clock;
}

/** A probe is waited for four times as long as it is expected to take, within these bounds, ms. */
const patience = { factor: 4, leastMs: 1_000, mostMs: 10_000 };

/**
 * Sends a copy of a frame to an ejected target whose pause is over, if there is one. The application's frame goes
 * elsewhere meanwhile; nobody waits for the copy, and it is no outcome of the device.
 */
export async function probeOutlier(
  input: common.Input,
  { dispatcher, clock, target }: ProbeOptions,
): Promise<void> {
  const at = clock.now();
  const decision = dispatcher.probe(at);
  if (!decision) return;
  const { placement, predictedMs } = decision;
  const { factor, leastMs, mostMs } = patience;
  const deadlineAt = at + Math.min(mostMs, Math.max(leastMs, factor * predictedMs));
  try {
    const chosen = target(placement.nodeId);
    if (!chosen) throw new Unavailable(`${placement.nodeId} is not known here`);
    const { signal } = new AbortController();
    const answer = await chosen.run({ variant: placement.variant, input, deadlineAt, signal });
    const end = clock.now();
    dispatcher.settle(decision, answeredSettlement(answer, end - at), end);
  } catch (error) {
    dispatcher.settle(decision, failedSettlement(error, deadlineAt), clock.now());
  }
}
