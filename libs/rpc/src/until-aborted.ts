/** Yields the messages until they end or the signal aborts, whichever comes first; rethrows their failure. For one consumer. */
export function untilAborted<T>(messages: AsyncIterable<T>, signal: AbortSignal): AsyncIterableIterator<T> {
  const iterator = messages[Symbol.asyncIterator]();
  let over = false;
  /** Ends the wait for the next message. */
  let stop = () => {};
  const onAbort = () => stop();
  signal.addEventListener('abort', onAbort);
  const end = (): IteratorResult<T> => {
    over = true;
    signal.removeEventListener('abort', onAbort);
    return { done: true, value: undefined };
  };
  // No generator, and no race: each message would cost five promises more.
  return {
    next() {
      if (over || signal.aborted) return Promise.resolve(end());
      return new Promise((resolve, reject) => {
        stop = () => resolve(end());
        iterator.next().then(
          (result) => resolve(result.done ? end() : result),
          (error: Error) => {
            end();
            reject(error);
          },
        );
      });
    },
    return: () => Promise.resolve(end()),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
