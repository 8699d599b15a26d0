import { Cancelled } from '@weir/base';
import type { Readable, Writable } from 'node:stream';
import { Unreadable } from './unreadable.ts';

/**
 * Messages of a stream, in order, for one consumer; a failure comes after what was received before it. Cheaper than
 * Node's own iterator and, unlike it, leaves the stream open when the loop is left.
 * `failure`: why the stream is over, undefined when it ended well. `abandon`: called when the loop is left early.
 */
export function messagesOf<T>(
  stream: Readable,
  { failure, abandon }: { failure: () => Error | undefined; abandon?: () => void },
): AsyncIterableIterator<T> {
  let over = false;
  let wake: (() => void) | undefined;
  const notify = () => {
    wake?.();
    wake = undefined;
  };
  const finish = () => {
    over = true;
    notify();
  };
  stream.on('readable', notify);
  stream.once('end', finish);
  stream.once('error', finish);
  stream.once('close', finish);
  return {
    async next() {
      for (;;) {
        const message = stream.read() as T | Unreadable | null;
        if (message instanceof Unreadable) throw message.fault;
        if (message !== null) return { done: false, value: message };
        if (over || stream.destroyed) {
          const error = failure();
          if (error) throw error;
          return { done: true, value: undefined };
        }
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    async return() {
      if (!over) abandon?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/**
 * Sends on a stream: resolves once flow control allows another message, rejects once the stream is over. A rejection
 * that nobody awaits is harmless. `over`: why the stream is over, undefined while it is not.
 */
export function sender<T>(stream: Writable, over: () => Error | undefined): (message: T) => Promise<void> {
  let draining: Promise<void> | undefined;
  const untilDrained = () =>
    new Promise<void>((resolve, reject) => {
      const settle = () => {
        draining = undefined;
        for (const event of changes) stream.off(event, settle);
        const error = over();
        if (error) reject(error);
        else resolve();
      };
      for (const event of changes) stream.on(event, settle);
    });
  return (message) => {
    // Written after the end, a message would destroy the stream, and its status would never go out.
    const error = over() ?? (stream.writableEnded ? new Cancelled('the stream has ended') : undefined);
    if (error) return harmless(Promise.reject(error));
    if (stream.write(message)) return sent;
    return (draining ??= harmless(untilDrained()));
  };
}

/** After any of these a message can be sent, or never again; the last two are grpc-js's own. */
const changes = ['drain', 'close', 'error', 'status', 'cancelled'] as const;
const sent = Promise.resolve();

function harmless(promise: Promise<void>): Promise<void> {
  promise.catch(() => {});
  return promise;
}
