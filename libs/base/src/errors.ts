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
  | 'UNAUTHENTICATED'
  | 'PERMISSION_DENIED';

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
  /** Facts for programs, e.g. who called what; becomes google.rpc.ErrorInfo.metadata. Few and short. */
  readonly info: Readonly<Record<string, string>>;

  constructor(message: string, options: WeirErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.reason = options.reason ?? upperSnake(this.name);
    this.retryAfterMs = options.retryAfterMs;
    this.info = options.info ?? {};
  }
}

/** See the fields of WeirError. */
export interface WeirErrorOptions {
  readonly reason?: string;
  readonly retryAfterMs?: number;
  readonly info?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** The caller's input is at fault; all violations are reported together. */
export class InvalidInput extends WeirError {
  readonly status = 'INVALID_ARGUMENT';
  readonly violations: readonly FieldViolation[];

  constructor(violations: readonly FieldViolation[], options: WeirErrorOptions = {}) {
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
/** Who calls is not known. */
export class Unauthenticated extends WeirError {
  readonly status = 'UNAUTHENTICATED';
}
/** Who calls is known, and may not do this. */
export class PermissionDenied extends WeirError {
  readonly status = 'PERMISSION_DENIED';
}
/** A fault of ours whose message may be shown; keep the details in `cause`, which is logged and never sent. */
export class Internal extends WeirError {
  readonly status = 'INTERNAL';
}

const upperSnake = (name: string) => name.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase();
