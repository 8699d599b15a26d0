/** The messages up to their end or until the signal aborts, whichever is first; what failed them is thrown. */
export async function* untilAborted<T>(messages: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = messages[Symbol.asyncIterator]();
  // A new promise for each message: racing a long-lived one would keep every message's reaction for as long.
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
