import type { Decision, Hedge } from '@weir/dispatch';
import type { LookSpan } from '@weir/telemetry';
import { type Attempt, attempt, type Failed } from './attempt.ts';
import type { Frame, HedgeEnd, InferenceOptions } from './frame.ts';

/** How a target and the device itself, asked at the same time, did. */
export interface HedgedAttempt {
  /** That of the answer; the target's where there is none. Neither settled nor recorded. */
  readonly tried: Attempt;
  /** The other one, where it failed by itself, likewise. */
  readonly alsoFailed: Failed | undefined;
  readonly end: HedgeEnd;
}

/**
 * Sends the frame to the target of `decision` and has the device answer it too. The first good answer wins; the other is
 * cancelled then and refunded, and says nothing about its node. Never rejects.
 */
export async function attemptHedged(
  frame: Frame,
  { decision, hedge, at, span }: { decision: Decision; hedge: Hedge; at: number; span: LookSpan },
  options: InferenceOptions,
): Promise<HedgedAttempt> {
  const start = (by: 'target' | 'device', chosen: Decision, expectedJ: number) => {
    const stop = new AbortController();
    const { input, deadlineAt, wantOutputs } = frame;
    const signal = AbortSignal.any([frame.signal, stop.signal]);
    const ended = attempt(
      { input, signal, wantOutputs },
      { decision: chosen, at, deadlineAt, span },
      options,
    );
    return { by, stop, chosen, expectedJ, ended: ended.then((tried) => ({ by, tried })) };
  };
  const target = start('target', decision, hedge.energyJ.target);
  const own = start('device', hedge.decision, hedge.energyJ.own);
  const first = await Promise.race([target.ended, own.ended]);
  const other = first.by === 'target' ? own : target;
  if ('answer' in first.tried) {
    const { end } = first.tried;
    options.dispatcher.settle(other.chosen, { ok: false }, end);
    other.stop.abort();
    const { nodeId, tier } = other.chosen.placement;
    frame.span.attemptFailed({ at: end, nodeId, tier, status: 'CANCELLED' });
    // How far the other has got is not known: it counts in full.
    return {
      tried: first.tried,
      alsoFailed: undefined,
      end: { wonBy: first.by, otherEnergyJ: other.expectedJ },
    };
  }
  const second = await other.ended;
  if ('answer' in second.tried)
    return { tried: second.tried, alsoFailed: first.tried, end: { wonBy: second.by, otherEnergyJ: 0 } };
  const [ofTarget, ofDevice] =
    first.by === 'target' ? [first.tried, second.tried] : [second.tried, first.tried];
  return { tried: ofTarget, alsoFailed: ofDevice, end: { wonBy: 'neither', otherEnergyJ: 0 } };
}
