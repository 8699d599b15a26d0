import { Metadata, type ServiceError, type StatusObject, status as codes } from '@grpc/grpc-js';
import {
  Aborted,
  AlreadyExists,
  Cancelled,
  DeadlineExceeded,
  FailedPrecondition,
  type FieldViolation,
  Internal,
  InvalidInput,
  NotFound,
  PermissionDenied,
  ResourceExhausted,
  type StatusName,
  Unauthenticated,
  Unavailable,
  WeirError,
  type WeirErrorOptions,
} from '@weir/base';
import { type Any, BadRequest, ErrorInfo, RetryInfo, Status } from '@weir/proto';

const detailsKey = 'grpc-status-details-bin';
const badRequestType = 'type.googleapis.com/google.rpc.BadRequest';
const errorInfoType = 'type.googleapis.com/google.rpc.ErrorInfo';
const retryInfoType = 'type.googleapis.com/google.rpc.RetryInfo';
const domain = 'weir';

/** What is kept of an error that another process tells: characters of each text, faults, and facts. */
const most = { characters: 1_000, violations: 100, facts: 16 };
/**
 * What a call's status may take on the wire, bytes: headers of more than 8 kB in all end every call of their connection. Its
 * message is sent twice, once percent-encoded; details are sent in base64.
 */
const mostSent = { message: 1_200, details: 4_000, reason: 100, field: 200, description: 600, fact: 300 };

/**
 * What a caller may learn of an error: a WeirError keeps its message, reason and field violations; anything else is
 * INTERNAL without details.
 */
export function toStatus(error: unknown): Status {
  const known = error instanceof WeirError ? error : new Internal('internal error');
  const reason = cutTo(mostSent.reason, known.reason);
  const metadata = factsOf(known.info);
  const details = [detail(errorInfoType, ErrorInfo.encode({ reason, domain, metadata }).finish())];
  if (known instanceof InvalidInput) {
    const { violations } = known;
    details.push(
      detail(badRequestType, BadRequest.encode({ fieldViolations: fitting(violations) }).finish()),
    );
  }
  if (known.retryAfterMs !== undefined)
    details.push(detail(retryInfoType, RetryInfo.encode(retryInfoOf(known.retryAfterMs)).finish()));
  return { code: codes[known.status], message: cutTo(mostSent.message, known.message), details };
}

/** Few and short: there is a message beside them. */
const factsOf = (info: WeirError['info']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(info)
      .slice(0, 6)
      .map(([name, fact]) => [cutTo(mostSent.reason, name), cutTo(mostSent.fact, fact)]),
  );

/** The first faults, as many as can be sent, and how many more there are. */
function fitting(violations: readonly FieldViolation[]) {
  const fitting: { field: string; description: string; reason: string }[] = [];
  let bytes = 0;
  for (const { field, description } of violations) {
    const fault = {
      field: cutTo(mostSent.field, field),
      description: cutTo(mostSent.description, description),
      reason: '',
    };
    bytes += bytesOf(fault.field) + bytesOf(fault.description) + 16;
    if (bytes > mostSent.details - mostSent.message || fitting.length === most.violations - 1) {
      const more = violations.length - fitting.length;
      return [...fitting, { field: '', description: `and ${more} more`, reason: '' }];
    }
    fitting.push(fault);
  }
  return fitting;
}

/** Percent-encoded, as gRPC sends messages. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
const bytesOf = (text: string): number => encodeURI(text.toWellFormed()).length;

/** The text, or the most of it that takes no more bytes, with a sign that there was more. */
function cutTo(bytes: number, text: string): string {
  // Most texts fit, and a long one need not be encoded to the end.
  const head = text.slice(0, bytes).toWellFormed();
  if (head.length === text.length && bytesOf(head) <= bytes) return head;
  let length = 0;
  let kept = '';
  for (const character of head) {
    length += bytesOf(character);
    if (length > bytes - 9) break;
    kept += character;
  }
  return `${kept}…`;
}

/** The error that a status maps to; codes without a class of their own map to the nearest one. Long texts are cut off. */
export function fromStatus({ code, message, details }: Status, cause?: unknown): WeirError {
  const told = details.find(({ typeUrl }) => typeUrl === errorInfoType);
  const errorInfo = told && ErrorInfo.decode(told.value);
  const reason = errorInfo ? cut(errorInfo.reason) : (codes[code] ?? 'UNKNOWN');
  const info = errorInfo && infoOf(errorInfo.metadata);
  const retry = details.find(({ typeUrl }) => typeUrl === retryInfoType);
  const retryAfterMs = retry && retryAfterMsOf(RetryInfo.decode(retry.value));
  const options = {
    reason,
    cause,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(info && { info }),
  };
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

const infoOf = (metadata: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(metadata)
      .slice(0, most.facts)
      .map(([key, value]) => [cut(key), cut(value)]),
  );

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
  return fromStatus({ code: error.code, message: plainly(error.details), details: [] }, error);
}

/** grpc-js tells of a connection that it did not get in a frame of words that say nothing. */
const plainly = (details: string): string =>
  details.replace(
    /^No connection established\. Last error: (?:Error: )?(.*?)\.? Resolution note: ?$/s,
    'no connection: $1',
  );

const detail = (typeUrl: string, value: Uint8Array): Any => ({ typeUrl, value: Buffer.from(value) });

const retryInfoOf = (ms: number): RetryInfo => ({
  retryDelay: { seconds: BigInt(Math.floor(ms / 1_000)), nanos: Math.round((ms % 1_000) * 1e6) },
});
const retryAfterMsOf = ({ retryDelay }: RetryInfo): number | undefined =>
  retryDelay && Number(retryDelay.seconds) * 1_000 + retryDelay.nanos / 1e6;

type ErrorClass = new (message: string, options: WeirErrorOptions) => WeirError;

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
      PERMISSION_DENIED: PermissionDenied,
    } satisfies Record<Exclude<StatusName, 'INVALID_ARGUMENT'>, ErrorClass>).map(([name, errorClass]) => [
      codes[name as StatusName],
      errorClass,
    ]),
  ) as Record<number, ErrorClass>),
  [codes.UNIMPLEMENTED]: FailedPrecondition,
  [codes.OUT_OF_RANGE]: FailedPrecondition,
};
