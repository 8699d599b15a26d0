import {
  type CallOptions,
  type Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { Cancelled, systemClock, Unavailable, type WeirError } from '@weir/base';
import type { EventEmitter } from 'node:events';
import { type CallContext, childDeadline } from './call-context.ts';
import { trackCall } from './connection.ts';
import { messagesOf, sender } from './message-stream.ts';
import { fromServiceError } from './status.ts';

export interface ClientCallOptions {
  /** Time for the whole call, ms. The earliest of `timeoutMs`, `deadlineAt` and the parent's deadline applies. */
  readonly timeoutMs?: number | undefined;
  /** When the call must be over, epoch ms of the system clock. */
  readonly deadlineAt?: number | undefined;
  /** Cancels the call. */
  readonly signal?: AbortSignal | undefined;
  /** The call that this one serves: its deadline and cancellation propagate. */
  readonly parent?: Pick<CallContext, 'deadlineAt' | 'signal'> | undefined;
  readonly metadata?: Metadata | undefined;
}

type Callback<Res> = (error: ServiceError | null, response: Res) => void;
type Options = Partial<CallOptions>;
type UnaryMethod<Req, Res> = (
  request: Req,
  metadata: Metadata,
  options: Options,
  callback: Callback<Res>,
) => ClientUnaryCall;
type ServerStreamMethod<Req, Res> = (
  request: Req,
  metadata?: Metadata,
  options?: Options,
) => ClientReadableStream<Res>;
type ClientStreamMethod<Req, Res> = (
  metadata: Metadata,
  options: Options,
  callback: Callback<Res>,
) => ClientWritableStream<Req>;
type DuplexMethod<Req, Res> = (metadata: Metadata, options?: Options) => ClientDuplexStream<Req, Res>;

/** One request, one answer. Throws the WeirError that the server's status maps to. */
export function callUnary<Req, Res>(
  client: Client,
  method: UnaryMethod<Req, Res>,
  request: Req,
  options: ClientCallOptions = {},
): Promise<Res> {
  return new Promise((resolve, reject) => {
    const call = begin(client, options, (metadata, callOptions) =>
      method.call(client, request, metadata, callOptions, (error, response) =>
        error ? reject(fromServiceError(error)) : resolve(response),
      ),
    );
    if (call instanceof Error) reject(call);
  });
}

/** Messages until the server ends the call; throws the WeirError of a failed end. Leaving the loop cancels the call. */
export function openServerStream<Req, Res>(
  client: Client,
  method: ServerStreamMethod<Req, Res>,
  request: Req,
  options: ClientCallOptions = {},
): AsyncIterableIterator<Res> {
  const call = begin(client, options, (metadata, callOptions) =>
    method.call(client, request, metadata, callOptions),
  );
  if (call instanceof Error) return failed(call);
  const failure = failureOf(call);
  return messagesOf<Res>(call, { failure, abandon: () => call.cancel() });
}

/** Many requests, one answer at the end. */
export interface ClientUpload<Req, Res> extends Disposable {
  /** Resolves once flow control allows another message; rejects when the call is over (harmless when not awaited). */
  send(message: Req): Promise<void>;
  /** No more messages; resolves with the answer. */
  finish(): Promise<Res>;
  /** The answer, which the server may give before `finish`; rejects when the call fails (harmless when not awaited). */
  readonly response: Promise<Res>;
  cancel(): void;
}

/** Disposing cancels the call. */
export function openClientStream<Req, Res>(
  client: Client,
  method: ClientStreamMethod<Req, Res>,
  options: ClientCallOptions = {},
): ClientUpload<Req, Res> {
  const { promise: response, resolve, reject } = Promise.withResolvers<Res>();
  response.catch(() => {});
  let over: Error | undefined;
  const call = begin(client, options, (metadata, callOptions) =>
    method.call(client, metadata, callOptions, (error, answer) => {
      over = error ? fromServiceError(error) : new Unavailable('call has ended', { reason: 'CALL_ENDED' });
      if (error) reject(over);
      else resolve(answer);
    }),
  );
  if (call instanceof Error) throw call;
  call.on('error', () => {});
  const cancel = () => call.cancel();
  return {
    send: sender<Req>(call, () => over),
    finish() {
      call.end();
      return response;
    },
    response,
    cancel,
    [Symbol.dispose]: cancel,
  };
}

/** Messages both ways. The loop over it throws the WeirError of a failed end; leaving the loop cancels the call. */
export interface ClientDuplex<Req, Res> extends AsyncIterable<Res>, Disposable {
  /** Resolves once flow control allows another message; rejects when the call is over (harmless when not awaited). */
  send(message: Req): Promise<void>;
  /** No more messages from here; the server's may still come. */
  end(): void;
  cancel(): void;
}

/** Disposing cancels the call. */
export function openDuplex<Req, Res>(
  client: Client,
  method: DuplexMethod<Req, Res>,
  options: ClientCallOptions = {},
): ClientDuplex<Req, Res> {
  const call = begin(client, options, (metadata, callOptions) => method.call(client, metadata, callOptions));
  if (call instanceof Error) throw call;
  const failure = failureOf(call);
  let ended: Error | undefined;
  call.once('status', () => (ended = new Unavailable('call has ended', { reason: 'CALL_ENDED' })));
  const cancel = () => call.cancel();
  const messages = messagesOf<Res>(call, { failure, abandon: cancel });
  return {
    send: sender<Req>(call, () => failure() ?? ended),
    end: () => void call.end(),
    cancel,
    [Symbol.asyncIterator]: () => messages,
    [Symbol.dispose]: cancel,
  };
}

type AnyCall = EventEmitter & { cancel(): void };

/** Starts a call with deadline, cancellation and metadata set. Returns the reason when it was cancelled beforehand. */
function begin<Call extends AnyCall>(
  client: Client,
  options: ClientCallOptions,
  start: (metadata: Metadata, callOptions: Options) => Call,
): Call | WeirError {
  const signals = [options.signal, options.parent?.signal].filter((signal) => signal !== undefined);
  if (signals.some((signal) => signal.aborted)) return new Cancelled('cancelled before the call began');

  const { timeoutMs = Infinity, deadlineAt = Infinity, parent } = options;
  const until = Math.min(
    childDeadline({ deadlineAt: parent?.deadlineAt ?? Infinity }, { timeoutMs }),
    deadlineAt,
  );
  // grpc-js counts in wall-clock time.
  const deadline = Date.now() + (until - systemClock.now());
  const call = start(options.metadata ?? new Metadata(), Number.isFinite(until) ? { deadline } : {});
  trackCall(client, call);
  if (signals.length > 0) {
    const cancel = () => call.cancel();
    for (const signal of signals) signal.addEventListener('abort', cancel, { once: true });
    call.once('status', () => signals.forEach((signal) => signal.removeEventListener('abort', cancel)));
  }
  return call;
}

/** Why a call failed; undefined while it runs and when it succeeded. */
function failureOf(call: AnyCall): () => WeirError | undefined {
  let failure: WeirError | undefined;
  call.once('error', (error: ServiceError) => (failure = fromServiceError(error)));
  return () => failure;
}

async function* failed(error: Error): AsyncGenerator<never> {
  yield* [];
  throw error;
}
