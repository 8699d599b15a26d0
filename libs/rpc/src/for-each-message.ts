import type { Readable } from 'node:stream';
import { Unreadable } from './unreadable.ts';

/**
 * Hands `take` the messages of a stream, each once it is done with the one before. Resolves when they have ended, or a signal
 * has aborted, and `take` is done. Rejects with what `take` throws, with a message that cannot be read, and with `failure()`
 * of a stream that ended badly, which comes after what was received before it.
 *
 * Where messages are rare this is cheaper than a loop over them: nothing is made to wait for the next one.
 */
export function forEachMessage<T>(
  stream: Readable,
  take: (message: T) => Promise<void> | undefined,
  { failure, signals }: { failure: () => Error | undefined; signals: readonly AbortSignal[] },
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let isReady = true;
  let hasEnded = false;

  function takeAll(): void {
    while (isReady) {
      if (signals.some(({ aborted }) => aborted)) return settle();
      let taken: Promise<void> | undefined;
      try {
        const message = stream.read() as T | Unreadable | null;
        if (message instanceof Unreadable) throw message.fault;
        if (message === null) return hasEnded || stream.destroyed ? settle(failure()) : undefined;
        taken = take(message);
      } catch (error) {
        return settle(error as Error);
      }
      if (!taken) continue;
      isReady = false;
      taken.then(() => {
        isReady = true;
        takeAll();
      }, settle);
    }
  }
  function onEnd(): void {
    hasEnded = true;
    takeAll();
  }
  function settle(error?: Error): void {
    isReady = false;
    stream.off('readable', takeAll);
    for (const event of ends) stream.off(event, onEnd);
    for (const signal of signals) signal.removeEventListener('abort', takeAll);
    if (error) reject(error);
    else resolve();
  }

  stream.on('readable', takeAll);
  for (const event of ends) stream.on(event, onEnd);
  for (const signal of signals) signal.addEventListener('abort', takeAll);
  takeAll();
  return promise;
}

const ends = ['end', 'error', 'close'] as const;
