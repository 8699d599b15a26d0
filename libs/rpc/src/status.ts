import { Metadata, type ServiceError, type StatusObject, status as codes } from '@grpc/grpc-js';
import {
  Aborted,
  AlreadyExists,
  Cancelled,
  DeadlineExceeded,
  FailedPrecondition,
  Internal,
  InvalidInput,
  NotFound,
  ResourceExhausted,
  type StatusName,
  Unauthenticated,
  Unavailable,
  WeirError,
} from '@weir/base';
import { type Any, BadRequest, ErrorInfo, RetryInfo, Status } from '@weir/proto';

const detailsKey = 'grpc-status-details-bin';
const badRequestType = 'type.googleapis.com/google.rpc.BadRequest';
const errorInfoType = 'type.googleapis.com/google.rpc.ErrorInfo';
const retryInfoType = 'type.googleapis.com/google.rpc.RetryInfo';
const domain = 'weir';

/** What is kept of an error that another process tells: characters of each text, and faults. */
const most = { characters: 1_000, violations: 100 };

/**
 * What a caller may learn of an error: a WeirError keeps its message, reason and field violations; anything else is
 * INTERNAL without details.
 */
export function toStatus(error: unknown): Status {
  const known = error instanceof WeirError ? error : new Internal('internal error');
  const details = [
    detail(errorInfoType, ErrorInfo.encode({ reason: known.reason, domain, metadata: {} }).finish()),
  ];
  if (known instanceof InvalidInput) {
    const fieldViolations = known.violations.map(({ field, description }) => ({
      field,
      description,
      reason: '',
    }));
    details.push(detail(badRequestType, BadRequest.encode({ fieldViolations }).finish()));
  }
  if (known.retryAfterMs !== undefined)
    details.push(detail(retryInfoType, RetryInfo.encode(retryInfoOf(known.retryAfterMs)).finish()));
  return { code: codes[known.status], message: known.message, details };
}

/** The error that a status maps to; codes without a class of their own map to the nearest one. Long texts are cut off. */
export function fromStatus({ code, message, details }: Status, cause?: unknown): WeirError {
  const info = details.find(({ typeUrl }) => typeUrl === errorInfoType);
  const reason = info ? cut(ErrorInfo.decode(info.value).reason) : (codes[code] ?? 'UNKNOWN');
  const retry = details.find(({ typeUrl }) => typeUrl === retryInfoType);
  const retryAfterMs = retry && retryAfterMsOf(RetryInfo.decode(retry.value));
  const options = { reason, cause, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  if (code === Number(codes.INVALID_ARGUMENT)) {
    const bad = details.find(({ typeUrl }) => typeUrl === badRequestType);
    const violations = bad ? BadRequest.decode(bad.value).fieldViolations : [];
    const kept = violations
      .slice(0, most.violations)
      .map(({ field, description }) => ({ field: cut(field), description: cut(description) }));
    return new InvalidInput(
      kept.length > 0 ? kept : [{ field: 'request', description: cut(message) }],
      options,
    );
  }
  return new (classes[code] ?? Internal)(cut(message), options);
}

const cut = (text: string): string => text.slice(0, most.characters);

/** Status and trailers that end a call on the server. */
export function toTrailers(error: unknown): Error & StatusObject {
  const status = toStatus(error);
  const metadata = new Metadata();
  metadata.set(detailsKey, Buffer.from(Status.encode(status).finish()));
  return Object.assign(new Error(status.message), { code: status.code, details: status.message, metadata });
}

/** The error that a failed call on the client maps to. */
export function fromServiceError(error: ServiceError): WeirError {
  const [encoded] = error.metadata?.get(detailsKey) ?? [];
  if (Buffer.isBuffer(encoded)) {
    try {
      return fromStatus(Status.decode(encoded), error);
    } catch {
      // Unreadable details: keep the bare status.
    }
  }
  return fromStatus({ code: error.code, message: error.details, details: [] }, error);
}

const detail = (typeUrl: string, value: Uint8Array): Any => ({ typeUrl, value: Buffer.from(value) });

const retryInfoOf = (ms: number): RetryInfo => ({
  retryDelay: { seconds: BigInt(Math.floor(ms / 1_000)), nanos: Math.round((ms % 1_000) * 1e6) },
});
const retryAfterMsOf = ({ retryDelay }: RetryInfo): number | undefined =>
  retryDelay && Number(retryDelay.seconds) * 1_000 + retryDelay.nanos / 1e6;

type ErrorClass = new (
  message: string,
  options: { reason?: string; retryAfterMs?: number; cause?: unknown },
) => WeirError;

const classes: Readonly<Partial<Record<number, ErrorClass>>> = {
  ...(Object.fromEntries(
    Object.entries({
      CANCELLED: Cancelled,
      DEADLINE_EXCEEDED: DeadlineExceeded,
      NOT_FOUND: NotFound,
      ALREADY_EXISTS: AlreadyExists,
      RESOURCE_EXHAUSTED: ResourceExhausted,
      FAILED_PRECONDITION: FailedPrecondition,
      ABORTED: Aborted,
      INTERNAL: Internal,
      UNAVAILABLE: Unavailable,
      UNAUTHENTICATED: Unauthenticated,
    } satisfies Record<Exclude<StatusName, 'INVALID_ARGUMENT'>, ErrorClass>).map(([name, errorClass]) => [
      codes[name as StatusName],
      errorClass,
    ]),
  ) as Record<number, ErrorClass>),
  [codes.PERMISSION_DENIED]: Unauthenticated,
  [codes.UNIMPLEMENTED]: FailedPrecondition,
  [codes.OUT_OF_RANGE]: FailedPrecondition,
};
