import type {
  Metadata,
  ServerDuplexStream,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
} from '@grpc/grpc-js';
import {
  Cancelled,
  DeadlineExceeded,
  type Logger,
  silentLogger,
  systemClock,
  type WeirError,
} from '@weir/base';
import type { EventEmitter } from 'node:events';
import { type CallCaller, callCallerOf } from './call-caller.ts';
import type { TraceContextFields } from './trace-context.ts';

/** What a handler knows about its call. */
export interface CallContext {
  /** The caller's deadline, epoch ms of the system clock; Infinity when there is none. */
  readonly deadlineAt: number;
  /** Aborts, with a WeirError as the reason, when the call is cancelled, its deadline passes or its connection is lost. */
  readonly signal: AbortSignal;
  /** Aborts when the server begins to drain; a handler of a long stream should then bring it to its end. */
  readonly draining: AbortSignal;
  readonly metadata: Metadata;
  readonly caller: CallCaller;
  /** From the call's metadata; a message may carry its own. */
  readonly traceContext: TraceContextFields;
}

/** Any call of a server. */
export type ServerCall =
  | ServerUnaryCall<unknown, unknown>
  | ServerReadableStream<unknown, unknown>
  | ServerWritableStream<unknown, unknown>
  | ServerDuplexStream<unknown, unknown>;

/** What the server shares with each of its calls. */
export interface CallScope {
  readonly draining: AbortSignal;
  readonly logger: Logger;
  /** Hears of a call that ends because its caller's quota is spent. */
  readonly onRefused: (refusal: WeirError, call: ServerCall) => void;
}

/** Set by the server before a handler runs, because handlers are made before their server. */
const scopes = new WeakMap<object, CallScope>();
const noScope: CallScope = {
  draining: new AbortController().signal,
  logger: silentLogger,
  onRefused: () => {},
};

export const enterScope = (call: object, scope: CallScope): void => void scopes.set(call, scope);
export const scopeOf = (call: object): CallScope => scopes.get(call) ?? noScope;

/** The context of a call, and `finish`: call it when the handler is done, and the signal never aborts afterwards. */
export function beginCall(call: ServerCall): { context: CallContext; finish: () => void } {
  const controller = new AbortController();
  let finished = false;
  const deadlineAt = epochMs(call.getDeadline());
  // grpc-js emits this at the end of every call, a successful one included.
  (call as EventEmitter).once('cancelled', () => {
    if (finished) return;
    const late = systemClock.now() >= deadlineAt - 1;
    controller.abort(late ? new DeadlineExceeded('deadline exceeded') : new Cancelled('call cancelled'));
  });
  const { metadata } = call;
  const header = (name: string) => String(metadata.get(name)[0] ?? '');
  const context: CallContext = {
    deadlineAt,
    signal: controller.signal,
    draining: scopeOf(call).draining,
    metadata,
    caller: callCallerOf(call),
    traceContext: { traceparent: header('traceparent'), tracestate: header('tracestate') },
  };
  return { context, finish: () => (finished = true) };
}

/** The earlier of the caller's deadline and `timeoutMs` from now, epoch ms: the deadline of a call made on its behalf. */
export function childDeadline(
  parent: Pick<CallContext, 'deadlineAt'>,
  { timeoutMs = Infinity, now = systemClock.now() }: { timeoutMs?: number; now?: number } = {},
): number {
  return Math.min(parent.deadlineAt, now + timeoutMs);
}

/** grpc-js counts in wall-clock time, which may have been set since this process began. */
function epochMs(deadline: Date | number): number {
  const at = Number(deadline);
  return Number.isFinite(at) ? systemClock.now() + (at - Date.now()) : Infinity;
}
