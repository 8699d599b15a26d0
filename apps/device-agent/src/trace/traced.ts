import type { Decision, Explanation } from '@weir/dispatch';
import type { Reason } from '@weir/domain';
import type { Look } from '../frames/frame.ts';

/** Why one frame was placed where it was, and what became of it. */
export interface Traced {
  readonly requestId: string;
  /** Of the last first look, epoch ms. */
  readonly at: number;
  /** Of that look; undefined when no placement was allowed. */
  readonly decision?: Decision | undefined;
  /** Undefined when it ended before it was dispatched. */
  readonly explanation?: Explanation | undefined;
  /** Undefined while it is under way, and when it failed. */
  readonly answer?: TracedAnswer | undefined;
  /** gRPC status name. */
  readonly failure?: string | undefined;
}

/** Of an answer, what is small. */
export interface TracedAnswer {
  readonly reason: Reason;
  readonly failedAttempts: readonly string[];
  readonly concurrency: number;
  readonly looks: readonly Pick<Look, 'placement' | 'failure'>[];
  readonly responseMs: number;
}
