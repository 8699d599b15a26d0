import {
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  type ServerDuplexStream,
} from '@grpc/grpc-js';
import { Internal, WeirError } from '@weir/base';
import type { EventEmitter } from 'node:events';
import { beginCall, type CallContext, type ServerCall, scopeOf } from './call-context.ts';
import { forEachMessage } from './for-each-message.ts';
import { messagesOf, sender } from './message-stream.ts';
import { QuotaExceeded } from './quota.ts';
import { toTrailers } from './status.ts';

/** The caller's messages, and a way to answer. Leaving the loop over it neither ends nor cancels the call. */
export interface DuplexStream<Req, Res> extends AsyncIterable<Req> {
  /** Instead of a loop, where messages are rare: see `forEachMessage`. */
  forEach(take: (message: Req) => Promise<void> | undefined, signals: readonly AbortSignal[]): Promise<void>;
  /** Resolves once flow control allows another message; rejects when the call is over (harmless when not awaited). */
  send(message: Res): Promise<void>;
}

type Awaitable<T> = T | Promise<T>;

/*
 * A handler throws WeirErrors; the caller sees their status, reason and field violations. Anything else reaches it as
 * INTERNAL, and the log with its cause.
 */

export function unary<Req, Res>(
  handle: (request: Req, context: CallContext) => Awaitable<Res>,
): handleUnaryCall<Req, Res> {
  return (call, callback) =>
    run(
      call,
      async (context) => callback(null, await handle(call.request, context)),
      (error) => callback(toTrailers(error)),
    );
}

export function clientStream<Req, Res>(
  handle: (requests: AsyncIterable<Req>, context: CallContext) => Awaitable<Res>,
): handleClientStreamingCall<Req, Res> {
  return (call, callback) =>
    run(
      call,
      async (context) => {
        sendHeaders(call);
        const requests = messagesOf<Req>(call, { failure: () => failureOf(context) });
        callback(null, await handle(requests, context));
      },
      (error) => callback(toTrailers(error)),
    );
}

/** The iterable should end when `context.signal` aborts; nothing of it is sent after that. */
export function serverStream<Req, Res>(
  handle: (request: Req, context: CallContext) => AsyncIterable<Res>,
): handleServerStreamingCall<Req, Res> {
  return (call) =>
    run(
      call,
      async (context) => {
        const send = sender<Res>(call, () => failureOf(context));
        for await (const message of handle(call.request, context)) await send(message);
        call.end();
      },
      (error) => endWith(call, error),
    );
}

/** The call succeeds when the handler resolves, even if the caller would send more. */
export function bidi<Req, Res>(
  handle: (stream: DuplexStream<Req, Res>, context: CallContext) => Awaitable<void>,
): handleBidiStreamingCall<Req, Res> {
  return (call) =>
    run(
      call,
      async (context) => {
        sendHeaders(call);
        const failure = () => failureOf(context);
        let messages: AsyncIterableIterator<Req> | undefined;
        const stream: DuplexStream<Req, Res> = {
          send: sender(call, failure),
          forEach: (take, signals) => forEachMessage(call, take, { failure, signals }),
          // One for all loops: the next one goes on where the one before was left.
          [Symbol.asyncIterator]: () => (messages ??= messagesOf(call, { failure })),
        };
        await handle(stream, context);
        call.end();
      },
      (error) => endWith(call, error),
    );
}

/** Refuses a call before it reaches its handler. */
export function refuse(call: ServerCall, callback: unknown, error: WeirError): void {
  if (typeof callback === 'function') (callback as (error: Error) => void)(toTrailers(error));
  else endWith(call, error);
}

function run(
  call: ServerCall,
  serve: (context: CallContext) => Promise<unknown>,
  fail: (error: unknown) => void,
): void {
  const { context, finish } = beginCall(call);
  serve(context).then(finish, (error: unknown) => {
    finish();
    // The caller is gone: nobody to tell, and failing for that reason is no fault.
    if (context.signal.aborted) return;
    if (!(error instanceof WeirError) || error instanceof Internal)
      scopeOf(call).logger.error({ err: error, method: call.getPath() }, 'handler failed');
    if (error instanceof QuotaExceeded) scopeOf(call).onRefused(error, call);
    fail(error);
  });
}

/** At once: until the first sign of the server a client of grpc-js keeps every message that it has sent, to try again. */
const sendHeaders = (call: Pick<ServerDuplexStream<unknown, unknown>, 'sendMetadata'>): void =>
  call.sendMetadata(new Metadata());

const failureOf = ({ signal }: CallContext): Error | undefined =>
  signal.aborted ? (signal.reason as Error) : undefined;

/** grpc-js takes the status of a stream as an `error` event, sent after what was written before it. */
const endWith = (call: EventEmitter, error: unknown): void => void call.emit('error', toTrailers(error));
