import type { Decision, Explanation } from '@weir/dispatch';
import type { policy } from '@weir/proto';
import { limits } from '@weir/wire';
import type { FrameAnswer } from '../frames/frame.ts';
import type { Traced, TracedAnswer } from './traced.ts';
import { tracedToWire } from './traced-to-wire.ts';

/** An entry of the trace as it comes about. */
export interface TraceEntry {
  decided(at: number, decision: Decision | undefined, explanation: Explanation | undefined): void;
  answered(answer: FrameAnswer): void;
  failed(status: string): void;
}

/** Remembers the last decisions, for an operator who asks why. */
export class DecisionTrace {
  /** The frame of number n at n modulo their limit. */
  readonly #frames: Entry[] = [];
  #begun = 0;

  begin(requestId: string, at: number): TraceEntry {
    const entry = new Entry(requestId, at);
    this.#frames[this.#begun++ % limits.decisions] = entry;
    return entry;
  }

  /** The newest first, at most `limit`. */
  newest(limit: number, now: number): policy.TracedDecision[] {
    const kept = Math.min(limit, this.#frames.length);
    const back = (steps: number) => this.#frames[(this.#begun - 1 - steps) % limits.decisions]!;
    return Array.from({ length: kept }, (_, steps) => tracedToWire(back(steps), now));
  }
}

class Entry implements TraceEntry, Traced {
  readonly requestId: string;
  at: number;
  decision: Decision | undefined;
  explanation: Explanation | undefined;
  answer: TracedAnswer | undefined;
  failure: string | undefined;

  constructor(requestId: string, at: number) {
    this.requestId = requestId;
    this.at = at;
  }

  decided(at: number, decision: Decision | undefined, explanation: Explanation | undefined): void {
    this.at = at;
    this.decision = decision;
    this.explanation = explanation;
  }

  answered({ reason, failedAttempts, concurrency, looks, responseMs }: FrameAnswer): void {
    const told = looks.map(({ placement, failure }) => ({ placement, ...(failure && { failure }) }));
    this.answer = { reason, failedAttempts, concurrency, looks: told, responseMs };
  }

  failed(status: string): void {
    this.failure = status;
  }
}
