/** gRPC status names that Weir's domain errors map to; the mapping to numbers lives in libs/rpc alone. */
export type StatusName =
  | 'CANCELLED'
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'INTERNAL'
  | 'UNAVAILABLE'
  | 'UNAUTHENTICATED';

/** One fault of one field of a request or a configuration. */
export interface FieldViolation {
  /** Path of the field, e.g. `input.tensor.shape`. */
  readonly field: string;
  /** Why the value is bad and what would be good. */
  readonly description: string;
}

/** An error whose message is meant for the caller. Any other error reaches callers as a bare INTERNAL. */
export abstract class WeirError extends Error {
  abstract readonly status: StatusName;
  /** Machine-readable reason, UPPER_SNAKE_CASE; becomes google.rpc.ErrorInfo.reason. */
  readonly reason: string;
  /** When the same request may do better; becomes google.rpc.RetryInfo. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: { reason?: string; retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.reason = options.reason ?? upperSnake(this.name);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The caller's input is at fault; all violations are reported together. */
export class InvalidInput extends WeirError {
  readonly status = 'INVALID_ARGUMENT';
  readonly violations: readonly FieldViolation[];

  constructor(
    violations: readonly FieldViolation[],
    options: { reason?: string; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(violations.map(({ field, description }) => `${field}: ${description}`).join('; '), options);
    this.violations = violations;
  }
}

export class NotFound extends WeirError {
  readonly status = 'NOT_FOUND';
}
export class AlreadyExists extends WeirError {
  readonly status = 'ALREADY_EXISTS';
}
/** A bounded queue, store or stream is full; the caller may try again later. */
export class ResourceExhausted extends WeirError {
  readonly status = 'RESOURCE_EXHAUSTED';
}
export class FailedPrecondition extends WeirError {
  readonly status = 'FAILED_PRECONDITION';
}
export class DeadlineExceeded extends WeirError {
  readonly status = 'DEADLINE_EXCEEDED';
}
export class Cancelled extends WeirError {
  readonly status = 'CANCELLED';
}
export class Aborted extends WeirError {
  readonly status = 'ABORTED';
}
/** A peer cannot be reached, or drains; another target or a later try may do. */
export class Unavailable extends WeirError {
  readonly status = 'UNAVAILABLE';
}
export class Unauthenticated extends WeirError {
  readonly status = 'UNAUTHENTICATED';
}
/** A fault of ours whose message may be shown; keep the details in `cause`, which is logged and never sent. */
export class Internal extends WeirError {
  readonly status = 'INTERNAL';
}

const upperSnake = (name: string) => name.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase();
