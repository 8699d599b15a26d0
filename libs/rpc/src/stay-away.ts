import { FailedPrecondition, PermissionDenied, Unauthenticated } from '@weir/base';

/** Between two tries where only somebody's hand helps, ms; the longest wait that a server may ask for. */
const slowMs = 60_000;
const longestMs = 600_000;

/** How long to stay away from a server that has refused for a reason that waiting does not mend, ms; 0: no longer than ever. */
export function stayAwayMs(error: unknown): number {
  if (error instanceof Unauthenticated || error instanceof PermissionDenied) return slowMs;
  // Other errors' times are for a server that is busy, or back soon.
  if (error instanceof FailedPrecondition) return Math.min(error.retryAfterMs ?? 0, longestMs);
  return 0;
}
