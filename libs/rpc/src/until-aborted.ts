/** Yields the messages until they end or the signal aborts, whichever comes first; rethrows their failure. */
export async function* untilAborted<T>(messages: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = messages[Symbol.asyncIterator]();
  // A new promise per message: racing a long-lived one would keep every reaction alive as long as it.
  let stop = () => {};
  const onAbort = () => stop();
  signal.addEventListener('abort', onAbort);
  try {
    while (!signal.aborted) {
      const stopped = new Promise<undefined>((resolve) => (stop = () => resolve(undefined)));
      const result = await Promise.race([iterator.next(), stopped]);
      if (!result || result.done) return;
      yield result.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
