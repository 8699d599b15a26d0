import type { Decision, Explanation } from '@weir/dispatch';
import type { policy } from '@weir/proto';
import { limits } from '@weir/wire';
import type { FrameAnswer } from '../frames/frame.ts';
import type { Traced } from './traced.ts';
import { tracedToWire } from './traced-to-wire.ts';

/** An entry of the trace as it comes about. */
export interface TraceEntry {
  decided(at: number, decision: Decision | undefined, explanation: Explanation | undefined): void;
  answered(answer: FrameAnswer): void;
  failed(status: string): void;
}

/** Remembers the last decisions, for an operator who asks why. */
export class DecisionTrace {
  readonly #frames: { current: Traced }[] = [];

  begin(requestId: string, at: number): TraceEntry {
    const entry: { current: Traced } = { current: { requestId, at } };
    if (this.#frames.length >= limits.decisions) this.#frames.shift();
    this.#frames.push(entry);
    const note = (more: Partial<Traced>) => void (entry.current = { ...entry.current, ...more });
    return {
      decided: (decidedAt, decision, explanation) => note({ at: decidedAt, decision, explanation }),
      answered: ({ reason, failedAttempts, concurrency, looks, responseMs }) =>
        note({
          answer: {
            reason,
            failedAttempts,
            concurrency,
            looks: looks.map(({ placement, failure }) => ({ placement, ...(failure && { failure }) })),
            responseMs,
          },
        }),
      failed: (failure) => note({ failure }),
    };
  }

  /** The newest first, at most `limit`. */
  newest(limit: number, now: number): policy.TracedDecision[] {
    return this.#frames
      .toReversed()
      .slice(0, limit)
      .map(({ current }) => tracedToWire(current, now));
  }
}
